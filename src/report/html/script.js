"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const data = JSON.parse(document.getElementById("data").textContent);
  const tasks = [...document.querySelectorAll("details.task")];
  const dags = [...document.querySelectorAll("section.dag")].map((element) => ({
    element, tasks: [...element.querySelectorAll("details.task")],
  }));
  const index = new Map(tasks.map((element, number) => [element, number]));
  const form = document.getElementById("filters");
  const { q, dag, argument, code } = form.elements;
  const chips = [...form.querySelectorAll(".chip")];
  const count = document.getElementById("count");
  const empty = document.getElementById("empty");
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Light and dark.
  const theme = document.getElementById("theme");
  const shade = () => root.dataset.theme
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  try { const kept = localStorage.getItem("podlift-theme"); if (kept) root.dataset.theme = kept; } catch { /* a page from disk may have no storage */ }
  theme.addEventListener("click", () => {
    root.dataset.theme = shade() === "dark" ? "light" : "dark";
    try { localStorage.setItem("podlift-theme", root.dataset.theme); } catch { /* see above */ }
  });

  // Filters. They live in the address, so that a view can be shared.
  const wanted = () => ({
    words: q.value.toLowerCase().split(/\s+/).filter(Boolean),
    status: chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => Number(chip.dataset.status)),
    dag: dag.value === "" ? -1 : Number(dag.value),
    argument: argument.value === "" ? -1 : Number(argument.value),
    code: code.value === "" ? -1 : Number(code.value),
  });
  const matches = (task, want) =>
    (want.status.length === 0 || want.status.includes(task.s))
    && (want.dag < 0 || task.d === want.dag)
    && (want.argument < 0 || task.a.includes(want.argument))
    && (want.code < 0 || task.c.includes(want.code))
    && want.words.every((word) => task.q.includes(word));
  const filter = () => {
    const want = wanted();
    let shown = 0;
    for (const group of dags) {
      let any = false;
      for (const element of group.tasks) {
        const fits = matches(data.tasks[index.get(element)], want);
        if (element.hidden === fits) element.hidden = !fits;
        if (fits) { any = true; shown += 1; }
      }
      if (group.element.hidden === any) group.element.hidden = !any;
    }
    count.textContent = shown === tasks.length ? `${shown} tasks` : `${shown} of ${tasks.length} tasks`;
    empty.hidden = shown > 0;
  };
  const address = () => {
    const query = new URLSearchParams();
    if (q.value) query.set("q", q.value);
    const status = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.name);
    if (status.length) query.set("status", status.join(","));
    for (const select of [dag, argument, code]) if (select.value !== "") query.set(select.name, data[select.name][Number(select.value)]);
    const text = query.toString();
    history.replaceState(null, "", text ? `#?${text}` : "#");
  };
  const changed = () => { filter(); address(); };
  const restore = (text) => {
    const query = new URLSearchParams(text);
    q.value = query.get("q") || "";
    const status = (query.get("status") || "").split(",");
    for (const chip of chips) chip.setAttribute("aria-pressed", String(status.includes(chip.dataset.name)));
    for (const select of [dag, argument, code]) {
      const at = data[select.name].indexOf(query.get(select.name));
      select.value = at < 0 ? "" : String(at);
    }
    filter();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", changed);
  form.addEventListener("reset", () => {
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    setTimeout(changed);
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      changed();
    });
  }

  // The source beside the pod.
  const texts = new Map();
  const source = (file) => {
    if (!texts.has(file)) {
      const lines = document.getElementById(`src-${file}`).querySelector("pre").textContent.split("\n");
      if (lines.at(-1) === "") lines.pop();
      texts.set(file, lines.map((line) => line.slice(data.gutter)));
    }
    return texts.get(file);
  };
  const beside = (pre, links, own) => {
    const view = make("div", "sbs");
    const left = make("div", "pane source");
    const right = make("div", "pane pod");
    const tabs = make("div", "bar");
    const leftLines = make("div", "lines");
    const rightBar = make("div", "bar");
    const rightLines = make("div", "lines");
    rightBar.append(make("span", "", "job spec"), make("span", "hint", "click a line, or use the arrow keys"));
    left.append(tabs, leftLines);
    right.append(rightBar, rightLines);
    view.append(left, right);
    const places = links.places;
    let file = -1;
    let rows = [];
    const pods = [];
    const clear = () => view.querySelectorAll(".hit, .cur").forEach((line) => line.classList.remove("hit", "cur"));
    const within = (pane, line) => {
      if (!line) return;
      const top = line.offsetTop - pane.offsetTop;
      if (top < pane.scrollTop || top > pane.scrollTop + pane.clientHeight - 40) pane.scrollTop = top - pane.clientHeight / 3;
    };
    const open = (next) => {
      if (next === file) return;
      file = next;
      const used = new Set();
      for (const [at, first, last] of places) if (at === file) for (let line = first; line <= last; line += 1) used.add(line);
      rows = source(file).map((text, number) => {
        const row = make("div", "ln");
        row.dataset.n = number + 1;
        row.append(make("span", "t", text || " "));
        if (own[0] === file && number + 1 >= own[1] && number + 1 <= own[2]) row.classList.add("own");
        if (used.has(number + 1)) row.classList.add("linked");
        return row;
      });
      leftLines.replaceChildren(...rows);
      for (const tab of tabs.children) tab.setAttribute("aria-selected", String(Number(tab.dataset.file) === file));
    };
    const show = (number) => {
      const place = places[links.lines[number][1]];
      clear();
      pods.forEach((line, other) => {
        if (links.lines[other][1] === links.lines[number][1] && links.lines[other][1] >= 0) line.classList.add("hit");
      });
      pods[number].classList.add("cur");
      if (!place) return;
      open(place[0]);
      for (let line = place[1]; line <= place[2]; line += 1) rows[line - 1]?.classList.add("hit");
      within(leftLines, rows[place[1] - 1]);
    };
    const back = (line) => {
      // The narrowest place around the line is the value that was clicked.
      let best = -1;
      places.forEach(([at, first, last], number) => {
        if (at !== file || line < first || line > last) return;
        if (best < 0 || last - first < places[best][2] - places[best][1]) best = number;
      });
      if (best < 0) return;
      const number = links.lines.findIndex((link) => link[1] === best);
      if (number >= 0) { show(number); within(rightLines, pods[number]); rows[line - 1].classList.add("cur"); }
    };
    const files = [...new Set([own[0], ...places.map(([at]) => at)])].filter((at) => at >= 0);
    for (const at of files) {
      const tab = make("button", "", data.files[at]);
      tab.type = "button";
      tab.dataset.file = at;
      tab.addEventListener("click", () => { open(at); });
      tabs.append(tab);
    }
    let before = -1;
    pre.textContent.replace(/\n$/, "").split("\n").forEach((text, number) => {
      const row = make("div", "ln");
      const [keyword, place] = links.lines[number] || [-1, -1];
      row.append(make("span", "t", text || " "));
      if (keyword >= 0 && keyword !== before) row.append(make("span", "kw", data.argument[keyword]));
      before = keyword;
      if (place >= 0) row.classList.add("linked");
      row.tabIndex = number === 0 ? 0 : -1;
      pods.push(row);
    });
    rightLines.append(...pods);
    const move = (row) => {
      pods.forEach((other) => { other.tabIndex = -1; });
      row.tabIndex = 0;
      row.focus({ preventScroll: true });
      within(rightLines, row);
    };
    rightLines.addEventListener("click", (event) => {
      const row = event.target.closest(".ln");
      if (row) { show(pods.indexOf(row)); move(row); }
    });
    rightLines.addEventListener("keydown", (event) => {
      const at = pods.indexOf(event.target.closest(".ln"));
      const step = { ArrowDown: 1, ArrowUp: -1, Home: -at, End: pods.length - 1 - at, Enter: 0 }[event.key];
      if (step === undefined || at < 0) return;
      event.preventDefault();
      const next = Math.min(Math.max(at + step, 0), pods.length - 1);
      move(pods[next]);
      show(next);
    });
    leftLines.addEventListener("click", (event) => {
      const row = event.target.closest(".ln.linked");
      if (row) back(Number(row.dataset.n));
    });
    return { view, start: () => {
      if (files.length) open(own[0] >= 0 ? own[0] : files[0]);
      if (own[0] >= 0) within(leftLines, rows[own[1] - 1]);
    } };
  };
  const fill = (element) => {
    if (element.dataset.filled) return;
    element.dataset.filled = "1";
    const task = data.tasks[index.get(element)];
    element.querySelectorAll("pre.pod").forEach((pre, number) => {
      const links = task.p[number];
      if (!links) return;
      const made = beside(pre, links, task.at);
      pre.replaceWith(made.view);
      made.start();
    });
  };
  for (const element of tasks) element.addEventListener("toggle", () => {
    if (!element.open) return;
    fill(element);
    if (restoring) return;
    history.replaceState(null, "", `#${encodeURIComponent(element.id).replaceAll("%2F", "/").replaceAll("%3A", ":")}`);
  });

  // Addresses: a task, or filters.
  let restoring = false;
  const follow = () => {
    const text = location.hash.slice(1);
    if (text.startsWith("?")) { restore(text.slice(1)); return; }
    let id = text;
    try { id = decodeURIComponent(text); } catch { /* not ours */ }
    const element = id && document.getElementById(id);
    if (!element) return;
    if (element.hidden) restore("");
    restoring = true;
    if (element.matches("details")) element.open = true;
    if (index.has(element)) fill(element);
    element.scrollIntoView();
    element.querySelector("summary")?.focus({ preventScroll: true });
    setTimeout(() => { restoring = false; });
  };
  addEventListener("hashchange", follow);

  // Keys.
  const step = (by) => {
    const shown = tasks.filter((element) => !element.hidden);
    const at = shown.indexOf(document.activeElement.closest?.("details.task"));
    const next = shown[at < 0 ? 0 : Math.min(Math.max(at + by, 0), shown.length - 1)];
    next?.querySelector("summary").focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target === q) { q.value = ""; changed(); q.blur(); return; }
    if (event.target.matches("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); q.focus(); q.select(); }
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "t") theme.click();
  });

  filter();
  follow();
})();
