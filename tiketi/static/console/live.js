// What both pages of the console have in common: the socket, how it fares, and texts put where they belong.

const ENDED = new Set([4401, 4403]); // signed out, or no right any more
const SILENT_MS = 10_000; // a frame comes each second
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

export function fill(root, texts) {
  for (const place of root.querySelectorAll("[data-text]")) {
    const text = texts[place.dataset.text];
    if (text !== undefined && place.textContent !== text) place.textContent = text;
  }
}

export function list(parent, texts) {
  const said = [...parent.children].map((child) => child.textContent);
  if (said.length === texts.length && said.every((text, index) => text === texts[index])) return; // it is read aloud
  parent.replaceChildren(
    ...texts.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
}

export function rows(body, cells) {
  body.replaceChildren(
    ...cells.map((texts) => {
      const row = document.createElement("tr");
      row.append(
        ...texts.map((text) => {
          const cell = document.createElement("td");
          cell.textContent = text;
          return cell;
        }),
      );
      return row;
    }),
  );
}

export function tellAlerts(frame) {
  const alerts = document.getElementById("alerts");
  list(alerts.querySelector("ul"), frame.alerts);
  alerts.hidden = !frame.alerts.length;
}

function say(state) {
  const place = document.getElementById("connection");
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  document.getElementById("connection-text").textContent = place.dataset[state];
}

// Calls `heard` with every frame, for as long as the page is open; a socket that is lost or silent is opened anew.
export function watch(root, heard) {
  const address = new URL(root.dataset.socket, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  let pause = FIRST_PAUSE_MS;

  function connect() {
    const socket = new WebSocket(address);
    let silence;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), SILENT_MS);
    };
    socket.addEventListener("open", listen);
    socket.addEventListener("message", (message) => {
      listen();
      pause = FIRST_PAUSE_MS;
      heard(JSON.parse(message.data));
      say("live");
    });
    socket.addEventListener("close", (closed) => {
      clearTimeout(silence);
      if (ENDED.has(closed.code)) {
        say("ended");
        return;
      }
      say("lost");
      setTimeout(connect, pause * (0.8 + 0.4 * Math.random()));
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    });
  }

  connect();
}
