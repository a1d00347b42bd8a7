// What a device keeps, in IndexedDB: lists of tickets, scans made here, and clashes nobody has looked at yet.

const STORES = { lists: "event", scans: "scan", clashes: "scan" };

let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("tiketi-door", 1);
    asked.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) asked.result.createObjectStore(name, { keyPath });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function done(store, mode, act) {
  const transaction = (await database()).transaction(store, mode);
  const asked = act(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

export const put = (store, value) => done(store, "readwrite", (kept) => kept.put(value));
export const get = (store, key) => done(store, "readonly", (kept) => kept.get(key));
export const all = (store) => done(store, "readonly", (kept) => kept.getAll());
export const remove = (store, key) => done(store, "readwrite", (kept) => kept.delete(key));
