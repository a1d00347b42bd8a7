// The charts of a sale's last half hour. The numbers stand in the tables beside them.

const HALF_HOUR_S = 1800;
const FEWEST_S = 300; // a young curve is not spread over the whole width
const HEIGHT = 200;
const NAMES = {
  line: ["waiting", "active", "threshold"],
  rates: ["arrivals", "admissions", "refills"],
  waits: ["promised", "waited"],
  sales: ["seats"],
};
// Told apart by dashes as well as by colour.
const STROKES = [
  { colour: "--console-first", dash: [] },
  { colour: "--console-second", dash: [8, 3] },
  { colour: "--console-third", dash: [2, 3] },
];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const grouped = (value) => (value === null || value === undefined ? "–" : value.toLocaleString());

function axis(extra) {
  return {
    stroke: () => colour("--body-quiet-color"),
    grid: { stroke: () => colour("--hairline-color"), width: 1 },
    ticks: { stroke: () => colour("--hairline-color"), width: 1 },
    ...extra,
  };
}

class Chart {
  constructor(figure) {
    this.names = NAMES[figure.dataset.chart];
    this.figure = figure;
    this.plot = figure.querySelector(".plot");
    this.bars = figure.dataset.chart === "sales";
    this.data = [[], ...this.names.map(() => [])];
  }

  set(columns) {
    this.data = [columns.at, ...this.names.map((name) => columns[name])];
    this.draw();
  }

  add(point) {
    const [at] = this.data;
    if (at.length && point.at <= at[at.length - 1]) return;
    [point.at, ...this.names.map((name) => point[name])].forEach((value, index) => this.data[index].push(value));
    const old = at.findIndex((one) => one >= point.at - HALF_HOUR_S);
    if (old > 0) for (const column of this.data) column.splice(0, old);
    this.draw();
  }

  draw() {
    if (!this.data[0].length) return;
    if (!this.chart) {
      this.chart = new window.uPlot(this.options(), this.data, this.plot);
      new ResizeObserver(() => this.chart.setSize({ width: this.plot.clientWidth, height: HEIGHT })).observe(this.plot);
    } else {
      this.chart.setData(this.data);
    }
  }

  span(least, most) {
    return [Math.min(least, most - FEWEST_S), most + (this.bars ? 60 : 0)];
  }

  options() {
    const labels = this.figure.dataset.labels.split("|");
    const bars = this.bars ? { paths: window.uPlot.paths.bars({ size: [0.8, 40] }) } : {};
    return {
      width: this.plot.clientWidth,
      height: HEIGHT,
      cursor: { y: false },
      scales: {
        x: { range: (_, least, most) => this.span(least, this.data[0].length > 1 ? most : least) }, // of one alone it says years
        y: { range: (_, least, most) => [0, Math.max(1, 1.05 * most)] },
      },
      axes: [
        axis({ values: (_, ticks) => ticks.map((at) => clock(at)) }),
        axis({ size: 56, values: (_, ticks) => ticks.map(grouped) }),
      ],
      series: [
        { value: (_, at) => (at === null ? "–" : clock(at, { second: "2-digit" })), label: document.getElementById("charts").dataset.time },
        ...this.names.map((name, index) => ({
          label: labels[index],
          stroke: () => colour(STROKES[index].colour),
          dash: STROKES[index].dash,
          width: 2,
          points: { show: false },
          value: (_, value) => grouped(value),
          ...(this.bars ? { fill: () => colour(STROKES[index].colour), ...bars } : {}),
        })),
      ],
    };
  }
}

const clock = (at, more) =>
  new Date(1000 * at).toLocaleTimeString(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: document.getElementById("charts").dataset.zone,
    ...more,
  });

export const charts = () => [...document.querySelectorAll("[data-chart]")].map((figure) => new Chart(figure));
