"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const number = new Intl.NumberFormat("en-US");

  // --- Light and dark: CSS does the work, also inside the charts, whose colours are variables.
  const theme = byId("theme");
  const memory = {
    get() { try { return localStorage.getItem("qsync-theme"); } catch { return null; } },
    set(value) { try { localStorage.setItem("qsync-theme", value); } catch { /* a page without storage */ } },
  };
  const show = (value) => {
    if (value === "auto") delete root.dataset.theme;
    else root.dataset.theme = value;
  };
  for (const input of theme.querySelectorAll("input")) {
    input.checked = input.value === (memory.get() ?? "auto");
    if (input.checked) show(input.value);
    input.addEventListener("change", () => { show(input.value); memory.set(input.value); });
  }
  if (!theme.querySelector("input:checked")) theme.querySelector("input").checked = true;
  theme.hidden = false;

  const only = byId("only");
  if (!only) return;
  byId("filter").hidden = false;

  // --- Words for axes and tooltips.
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = (text) => `${Number(text.slice(8, 10))} ${MONTHS[Number(text.slice(5, 7)) - 1]}`;
  // Runs of a day or two are told apart by their hour.
  const dates = (labels) => {
    const days = new Set(labels.map((label) => label.slice(0, 10)));
    return days.size > 2 || labels[0]?.length < 16 ? day : (label) => `${day(label)} ${label.slice(11, 16)}`;
  };
  const short = (value) => {
    if (value >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
    if (value >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
    return number.format(value);
  };
  const lasting = (seconds) => {
    if (seconds === null || seconds === undefined) return "not over";
    if (seconds < 60) return `${+seconds.toFixed(1)} s`;
    const [big, unit, small, smaller] = seconds < 3600 ? [60, "min", 1, "s"] : [3600, "h", 60, "min"];
    const rest = Math.floor((seconds % big) / small);
    return `${Math.floor(seconds / big)} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;
  };
  // Steps that clocks have, about four of them.
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400];
  const clock = (values) => {
    const most = Math.max(1, ...values);
    const interval = STEPS.find((size) => size * 5 >= most) ?? 86400;
    return { interval, max: Math.ceil(most / interval) * interval };
  };
  const percent = (share) => share === 0 ? "0%" : share < 0.001 ? "under 0.1%" : `${+(share * 100).toFixed(1)}%`;

  // A first load must not hide every other run: the axis ends above the usual ones, and the words
  // beside the chart name what is cut off.
  const CUT = 8;
  const cutting = (id, totals, form) => {
    const sorted = totals.filter((value) => value > 0).sort((one, two) => one - two);
    const most = CUT * (sorted[Math.floor(0.9 * (sorted.length - 1))] ?? 0);
    const over = sorted.length > 4 ? sorted.filter((value) => value > most) : [];
    byId(id).textContent = over.length ? `; cut off: ${over.slice(-3).reverse().map(form).join(", ")}` : "";
    return over.length ? sorted[sorted.length - over.length - 1] : null;
  };
  const round = (value) => {
    const size = 10 ** Math.floor(Math.log10(value));
    return Math.ceil(value / size) * size;
  };
  const numbered = (id, totals) => {
    const limit = cutting(id, totals, (value) => number.format(value));
    return limit === null ? {} : { max: round(limit) };
  };
  const clocked = (id, seconds) => {
    const limit = cutting(id, seconds.map((value) => value ?? 0), lasting);
    return clock(limit === null ? seconds : [limit]);
  };

  // --- Charts.
  const tip = (title, lines) => {
    const box = document.createElement("div");
    box.className = "tip";
    const head = document.createElement("b");
    head.textContent = title;
    box.append(head);
    for (const [name, value] of lines) {
      const line = document.createElement("span");
      for (const text of [name, value]) {
        const part = document.createElement("i");
        part.style.fontStyle = "normal";
        part.textContent = text;
        line.append(part);
      }
      box.append(line);
    }
    return box;
  };
  const bars = (name, color, values) => ({
    name, type: "bar", stack: "one", data: values, barMaxWidth: 26, barCategoryGap: "28%",
    itemStyle: { color: `var(--${color})` }, emphasis: { disabled: true }, silent: true,
  });
  const labelled = { color: "var(--soft)", fontSize: 11.5 };
  const frame = (labels, series, form, tooltip, scale = {}) => ({
    animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 12, top: series.length > 1 ? 34 : 14, bottom: 4, outerBoundsMode: "same" },
    legend: { show: series.length > 1, left: 4, top: 0, itemWidth: 10, itemHeight: 10, itemGap: 16, icon: "rect", selectedMode: false, textStyle: labelled },
    xAxis: {
      type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: "var(--strong)" } },
      axisLabel: { ...labelled, hideOverlap: true, formatter: dates(labels) },
    },
    yAxis: {
      type: "value", minInterval: form === short ? 1 : 0, splitNumber: 4, ...scale,
      axisLabel: { ...labelled, formatter: form }, splitLine: { lineStyle: { color: "var(--line)" } },
    },
    tooltip: {
      trigger: "axis", confine: true, transitionDuration: 0, className: "qsync-tip", borderColor: "var(--line)", backgroundColor: "var(--card)",
      axisPointer: { type: "shadow", shadowStyle: { color: "var(--strong)", opacity: 0.16 } },
      formatter: (items) => tooltip(items[0].dataIndex),
    },
    series,
  });
  const utc = (label) => `${label.slice(0, 16)} UTC`;
  const counts = (series, index) => series.map((item) => [item.name, number.format(item.data[index])]);
  const options = {
    "chart-rows": (of) => {
      const series = [bars("confirmed", "good", of.succeeded), bars("rejected", "bad", of.rejected), bars("open", "other", of.others)];
      return frame(of.labels, series, short, (at) => tip(utc(of.labels[at]), [...counts(series, at), ["run", of.status[at]]]),
        numbered("cut-rows", of.succeeded.map((value, at) => value + of.rejected[at] + of.others[at])));
    },
    "chart-rejects": (of) => {
      const series = [bars("rejected", "bad", of.rejected), bars("invalid, not sent", "part", of.invalid)];
      return frame(of.labels, series, short, (at) => tip(utc(of.labels[at]), counts(series, at)),
        numbered("cut-rejects", of.rejected.map((value, at) => value + of.invalid[at])));
    },
    "chart-duration": (of) => {
      const pick = (bad) => of.seconds.map((value, at) => (of.bad[at] === bad ? value : null));
      const series = [bars("complete", "bar", pick(false)), bars("not complete", "bad", pick(true))];
      return frame(of.labels, series, lasting, (at) => tip(utc(of.labels[at]), [["took", lasting(of.seconds[at])], ["run", of.status[at]]]), clocked("cut-duration", of.seconds));
    },
    "chart-requests": (of) => {
      const series = [bars("requests", "bar", of.requests)];
      // The quota is drawn where it is near enough to be told from the ceiling.
      if (Math.max(...of.requests) > data.per_day / 5) {
        series[0].markLine = {
          silent: true, symbol: "none", data: [{ yAxis: data.per_day }],
          lineStyle: { color: "var(--bad)" }, label: { formatter: "quota", position: "insideEndTop", color: "var(--bad)" },
        };
      }
      return frame(of.days, series, short, (at) => tip(of.days[at], [
        ["requests", number.format(of.requests[at])], ["of the day's quota", percent(of.requests[at] / data.per_day)],
      ]));
    },
  };
  const charts = new Map();
  for (const id of Object.keys(options)) {
    charts.set(id, echarts.init(byId(id), null, { renderer: "svg" }));
  }
  const draw = () => {
    const of = data.series[only.value];
    for (const [id, chart] of charts) chart.setOption(options[id](of), true);
  };
  only.addEventListener("change", draw);
  draw();

  // --- Sizes: of the window, and of the paper, where a chart is a picture as wide as its place.
  const fit = () => { for (const chart of charts.values()) chart.resize(); };
  new ResizeObserver(fit).observe(byId("history"));
  addEventListener("beforeprint", () => {
    for (const [id, chart] of charts) {
      chart.resize({ width: 360, height: 200 });
      chart.getZr().flush();
      const picture = byId(id).querySelector("svg");
      picture.setAttribute("viewBox", "0 0 360 200");
      picture.setAttribute("width", "100%");
      picture.setAttribute("height", "100%");
    }
  });
  addEventListener("afterprint", () => {
    for (const id of charts.keys()) byId(id).querySelector("svg").removeAttribute("viewBox");
    fit();
  });
})();
