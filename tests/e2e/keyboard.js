// Counts what is being read, remembers who listens for clicks, and notes each stop of a walk with Tab.
(() => {
  const desk = (window.ruhuKeys = { reading: 0, stops: [] });
  const read = window.fetch;
  window.fetch = async (...asked) => {
    desk.reading += 1;
    try { return await read(...asked); } finally { setTimeout(() => (desk.reading -= 1), 30); }
  };
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (kind, ...rest) {
    if (kind === "click" && this instanceof Element) this.ruhuClicks = true;
    return listen.call(this, kind, ...rest);
  };

  /** Whether the page of the address is the one that stands there: its file may still be on its way, and the page before it be seen. */
  desk.isHere = () => {
    const router = document.querySelector("#app")?.__vue_app__?.config.globalProperties.$router;
    return router !== undefined && router.currentRoute.value.path === router.resolve(location.hash.slice(1) || "/").path;
  };
  desk.isQuiet = () => document.querySelector("h1") !== null && desk.isHere() && desk.reading === 0;

  const NATIVE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable=true]";
  // Widgets of the library whose one field is the stop: its icons and wrappers only save the mouse a way.
  const WIDGET = ".el-select, .el-date-editor, .el-checkbox, label";
  // A chart says the same, and leads as far, in the table below it; a map is moved by its own keys and has lists beside it.
  const TWICE = "[data-chart] [role=img], .maplibregl-map";

  const isSeen = (one) => one.checkVisibility({ opacityProperty: false, visibilityProperty: true }) && one.getBoundingClientRect().width > 0 && !one.closest("[inert], [aria-hidden=true]");
  const name = (one) => `<${one.tagName.toLowerCase()} ${one.dataset?.test ?? one.getAttribute("name") ?? one.className?.baseVal ?? one.className ?? ""}> ${(one.getAttribute("aria-label") ?? one.textContent ?? "").trim().slice(0, 30)}`;
  const above = (one, n) => (n && one.parentElement ? [one.parentElement, ...above(one.parentElement, n - 1)] : []);
  /** What a mark of focus may stand on: the stop, the widget around it, the label behind it. */
  const look = (one) => [one, one.nextElementSibling, ...above(one, 3)].filter(Boolean).map((each) => {
    const { outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor } = getComputedStyle(each);
    return [outlineStyle === "none" ? "" : outlineWidth, boxShadow, borderColor, backgroundColor].join();
  }).join(";");
  /** One of several that the arrow keys go through: the others are reached from the one that Tab goes to. */
  const group = (one) => (one.type === "radio" ? `radio ${one.name}` : one.closest("tbody") && one.matches("tr") ? one.closest("tbody") : null);

  desk.wanted = (root) => {
    const all = [...root.querySelectorAll("*")].filter((one) => isSeen(one) && !one.disabled);
    const stops = all.filter((one) => one.matches(NATIVE) && (one.tabIndex >= 0 || one.matches("tr")));
    const pressed = all.filter((one) => one.ruhuClicks && !one.matches(NATIVE) && !one.closest(WIDGET) && !one.closest(TWICE) && !one.closest("tr[tabindex]"));
    return { stops, pressed };
  };
  /** Long lists are walked as far as their third line: the lines are alike. */
  desk.begin = (root) => {
    for (const one of root.querySelectorAll("tbody > tr:nth-child(n+4), ul > li:nth-child(n+4), ol > li:nth-child(n+4)")) one.style.display = "none";
    desk.root = root;
    desk.wantedAtFirst = new Set(desk.wanted(root).stops);
    desk.stops = [];
    root.tabIndex = -1;
    root.focus();
    return desk.wantedAtFirst.size;
  };
  /** Forms and lists that a press unfolds are walked as well. */
  desk.unfold = (root) => {
    for (const one of root.querySelectorAll("button[aria-expanded=false]")) if (isSeen(one)) one.click();
    for (const one of root.querySelectorAll("details")) one.open = true;
  };
  listen.call(document, "focusin", (event) => {
    const box = event.target.getBoundingClientRect();
    const before = desk.stops.at(-1)?.one.getBoundingClientRect();
    const goesBack = before && before.width > 0 && box.bottom <= before.top && box.right <= before.left;
    desk.stops.push({ one: event.target, look: "", goesBack, inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth });
  }, true);
  /** Whether Tab led out of the page; if not, how the stop looks now. */
  desk.left = () => {
    const last = desk.stops.at(-1);
    if (last) last.look ||= look(last.one);
    return desk.stops.length > 0 && (!desk.root.contains(document.activeElement) || document.activeElement === document.body);
  };

  /** What is wrong with the walk that was just made. */
  desk.faults = () => {
    const stops = desk.stops.filter((stop) => stop.one !== desk.root && desk.root.contains(stop.one));
    document.activeElement.blur();
    const reached = new Set(stops.flatMap((stop) => [stop.one, group(stop.one)]).filter(Boolean));
    const { stops: wanted, pressed } = desk.wanted(desk.root);
    const faults = wanted.filter((one) => desk.wantedAtFirst.has(one) && !reached.has(one) && !reached.has(group(one))).map((one) => `not reached: ${name(one)}`);
    faults.push(...pressed.filter((one) => ![...reached].some((each) => each instanceof Element && each.contains(one))).map((one) => `for the mouse alone: ${name(one)}`));
    faults.push(...stops.filter((stop) => stop.one.isConnected && look(stop.one) === stop.look).map((stop) => `no mark of focus: ${name(stop.one)}`));
    faults.push(...stops.filter((stop) => !stop.inView).map((stop) => `out of sight: ${name(stop.one)}`));
    faults.push(...stops.filter((stop) => stop.goesBack).map((stop) => `goes back to ${name(stop.one)}`));
    return [...new Set(faults)];
  };
})();
