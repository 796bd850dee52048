// A quick thumb on the open form: every touch is one that a person could make, only without waiting in between.
// window.thumb.answer(path, value) → "done", or what a hand must do with the card: "photo", "drawing", "place".
(() => {
  const pause = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
  const place = (path) => path.replaceAll("[1]", "");
  const all = (selector) => [...document.querySelectorAll(selector)];
  const holds = (inner, outer) => place(inner).startsWith(`${place(outer)}/`);
  const cardOf = (path) => all(".form-card[data-path]").find((card) => place(card.dataset.path) === place(path));
  const MOST_STEPS = 80;

  async function press(button) {
    button.click();
    await pause(10);
  }

  // Into a row, out of a row, or one step on; from the end once more to the beginning.
  async function move(path, state) {
    const row = all(".form-row-card[data-path]").find((card) => holds(path, card.dataset.path));
    if (row) return press(row);
    const range = all(".form-repeat[data-path]").find((one) => holds(path, one.dataset.path) && one.querySelector(".form-add"));
    if (range) return press(range.querySelector(".form-add"));
    if (document.querySelector(".form-row-title")) return press(document.querySelector(".form-foot .form-button"));
    if (document.querySelector(".form-reading")) {
      if (state.again) return undefined;
      state.again = true;
      await press(document.querySelector(".form-contents-button"));
      return press(document.querySelector(".form-step-line"));
    }
    return press(document.querySelector(".form-foot .form-primary"));
  }

  async function reach(path) {
    const state = { again: false };
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const card = cardOf(path);
      if (card) return card;
      await move(path, state);
    }
    throw new Error(`${path} is on no screen`);
  }

  function type(field, text) {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.dispatchEvent(new Event("blur"));
  }

  async function choose(card, values) {
    const wanted = values.split(/\s+/).filter(Boolean);
    const isMany = card.querySelector(".form-choices.many") !== null;
    for (const one of all(".form-choice.chosen").filter((button) => card.contains(button))) {
      if (isMany ? !wanted.includes(one.dataset.value) : wanted.length === 0) await press(one);
    }
    for (const value of wanted) {
      const search = card.querySelector(".form-search");
      let button = card.querySelector(`.form-choice[data-value="${CSS.escape(value)}"]`);
      if (!button && search) {
        type(search, value);
        await pause(10);
        button = card.querySelector(`.form-choice[data-value="${CSS.escape(value)}"]`);
      }
      if (!button) throw new Error(`${card.dataset.path} has no choice ${value}`);
      if (!button.classList.contains("chosen")) await press(button);
    }
  }

  function typedText(field, value) {
    return { "datetime-local": value.slice(0, 16), time: value.slice(0, 5), date: value.slice(0, 10) }[field.type] ?? value;
  }

  async function answer(path, value) {
    const card = await reach(path);
    if (card.querySelector(".form-choices")) await choose(card, value);
    else if (card.querySelector(".form-range-buttons")) await press([...card.querySelectorAll(".form-range-buttons .form-button")].find((one) => Number(one.textContent) === Number(value)));
    else {
      const field = card.querySelector("input.form-input, textarea.form-input, input[type=range]");
      if (!field) return card.querySelector(".form-typed-place, .form-looking") || /定位/.test(card.textContent) ? "place" : /签名|手指/.test(card.textContent) ? "drawing" : "photo";
      type(field, typedText(field, value));
      await pause(10);
    }
    return "done";
  }

  window.thumb = { answer, reach };
})();
