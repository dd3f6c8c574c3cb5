/* Draws the figures that the chart tag put on the page. Needs vendor/echarts/echarts.min.js before it.
   The table beside each picture holds the same numbers, so nothing is lost where this file does not run. */
(() => {
  "use strict";
  if (!window.echarts) return;
  const colours = ["#b3261e", "#2f5d8a", "#b7791f", "#2f7d5b", "#6b4c9a", "#8a8f98"];
  const ink = "#3a3f47";
  const rule = "#e4e0d9";
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const font = getComputedStyle(document.body).fontFamily;

  const axes = (data) => {
    const names = {
      type: "category", data: data.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: rule } },
      axisLabel: { color: ink, interval: data.labels.length > 12 && data.kind !== "hbar" ? "auto" : 0, hideOverlap: false, width: data.kind === "hbar" ? 110 : 84, overflow: "break" },
      inverse: data.kind === "hbar",
    };
    const numbers = { type: "value", splitLine: { lineStyle: { color: rule } }, axisLabel: { color: ink } };
    return data.kind === "hbar" ? { xAxis: numbers, yAxis: names } : { xAxis: names, yAxis: numbers };
  };

  const option = (data, narrow) => {
    const shared = {
      color: colours,
      textStyle: { fontFamily: font, color: ink },
      animation: !calm,
      /* Patterns as well as colours, and drawn on the canvas: a tip made of HTML would need inline styles. */
      aria: { enabled: true, decal: { show: data.series.length > 1 || data.kind === "ring" } },
      tooltip: { trigger: data.kind === "ring" ? "item" : "axis", renderMode: "richText", confine: true },
    };
    if (data.kind === "ring") {
      const first = data.series[0];
      return {
        ...shared,
        legend: { bottom: 0, textStyle: { color: ink }, formatter: (name) => `${name} ${first.data[data.labels.indexOf(name)] ?? "—"}` },
        series: [{
          type: "pie", radius: ["48%", "72%"], center: ["50%", "42%"], name: first.name,
          itemStyle: { borderColor: "#fff", borderWidth: 2 }, label: { show: !narrow, formatter: "{b}\n{c}", color: ink },
          data: data.labels.map((name, index) => ({ name, value: first.data[index] })),
        }],
      };
    }
    return {
      ...shared,
      ...axes(data),
      grid: { left: 8, right: data.kind === "hbar" ? 56 : 20, top: 24, bottom: data.series.length > 1 ? 36 : 8, containLabel: true },
      legend: { show: data.series.length > 1, bottom: 0, textStyle: { color: ink } },
      series: data.series.map((one) => ({
        name: one.name, data: one.data, type: data.kind === "line" ? "line" : "bar",
        stack: data.kind === "stacked" ? "all" : undefined, barMaxWidth: 36, symbolSize: 8,
        itemStyle: data.kind === "stacked" ? {} : { borderRadius: data.kind === "hbar" ? [0, 3, 3, 0] : [3, 3, 0, 0] },
        label: { show: data.series.length === 1 && data.kind !== "line", position: data.kind === "hbar" ? "right" : "top", color: ink },
      })),
    };
  };

  const draw = (figure) => {
    const source = document.getElementById(figure.dataset.chart);
    const canvas = figure.querySelector(".chart-canvas");
    if (!source || !canvas || figure.dataset.drawn) return;
    figure.dataset.drawn = "1";
    const data = JSON.parse(source.textContent);
    canvas.hidden = false;
    if (data.kind === "hbar") canvas.style.height = `${Math.max(200, 40 * data.labels.length + 60)}px`;
    figure.querySelector(".chart-table").open = false;
    const picture = window.echarts.init(canvas, null, { renderer: "canvas" });
    picture.setOption(option(data, canvas.clientWidth < 420));
    new ResizeObserver(() => picture.resize()).observe(canvas);
    window.addEventListener("beforeprint", () => { figure.querySelector(".chart-table").open = true; });
  };
  const drawAll = (root) => root.querySelectorAll("figure[data-chart]").forEach(draw);
  drawAll(document);
  document.body.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
})();
