/* Exercises on the page: the same exercises, verdicts and words as `check` has in a notebook.
   What a reader answers stays in this browser; nothing is sent anywhere. */
(() => {
  "use strict";

  const KEY = "calculus-for-ml-exercise/";
  const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
  const COMMA = /^[+-]?\d+,\d+$/;
  const TYPICAL = [
    ["The sign is the wrong way round.", -1],
    ["It is twice too large: a factor 2 too many.", 2],
    ["It is half of what is wanted: a factor 2 is lost.", 0.5],
  ];

  // Storage may be refused, or hold something else: then the answers last as long as the page.
  // Each exercise has a key of its own. A page opened from a disk is now and then shown an empty
  // storage; what it writes must not take the place of what was answered before.
  const store = {
    kept: {},
    read() {
      this.kept = {};
      try {
        Object.keys(localStorage).filter((key) => key.startsWith(KEY)).forEach((key) => {
          try {
            const found = JSON.parse(localStorage.getItem(key));
            if (found && typeof found === "object") this.kept[key.slice(KEY.length)] = found;
          } catch { /* not ours */ }
        });
      } catch { /* refused */ }
    },
    keep(name, answer) {
      this.kept[name] = answer;
      try { localStorage.setItem(KEY + name, JSON.stringify(answer)); } catch { /* refused */ }
    },
    forget() {
      Object.keys(this.kept).forEach((name) => {
        try { localStorage.removeItem(KEY + name); } catch { /* refused */ }
      });
      this.kept = {};
    },
  };

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).json();
  }

  // Six significant digits and the exponent; of two numbers equally near, the even one.
  function rounded(x) {
    const [digits, power] = x.toExponential(5).split("e");
    const tie = /^50*$/.test(x.toExponential(100).match(/\.\d{5}(\d+)/)[1]);
    const last = Number(digits.at(-1));
    return [tie && last % 2 ? digits.slice(0, -1) + (last - 1) : digits, power];
  }

  // Six significant digits as Python's %g writes them.
  function written(x) {
    if (x === 0) return Object.is(x, -0) ? "-0" : "0";
    const [digits, power] = rounded(x);
    const exponent = Number(power);
    const bare = (s) => s.includes(".") ? s.replace(/\.?0+$/, "") : s;
    if (exponent >= -4 && exponent < 6) return bare(Number(`${digits}e${power}`).toFixed(5 - exponent));
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${bare(digits)}e${exponent < 0 ? "-" : "+"}${size}`;
  }

  function parse(text) {
    const shown = text.trim().split(/\s+/).join(" ");
    const plain = shown.replaceAll("−", "-").replaceAll(" ", "");
    const short = [...shown].length <= 40 ? shown : `${[...shown].slice(0, 37).join("")}...`;
    if (!plain) return [null, "a number is missing"];
    if (COMMA.test(plain)) return [null, `write the decimal mark as a point, not as in '${short}'`];
    const cut = plain.indexOf("/");
    const above = cut < 0 ? plain : plain.slice(0, cut);
    const below = cut < 0 ? null : plain.slice(cut + 1);
    if (!NUMBER.test(above) || (below !== null && !NUMBER.test(below))) {
      return [null, `the answer should be a number such as 0.75, 3/4 or 7.5e-1, got '${short}'`];
    }
    if (below !== null && Number(below) === 0) {
      return [null, `nothing can be divided by 0, as in '${short}'`];
    }
    const value = below === null ? Number(above) : Number(above) / Number(below);
    return Number.isFinite(value) ? [value, ""] : [null, `the number '${short}' is too large`];
  }

  const largest = (values) => Math.max(...values.map(Math.abs));
  const agree = (given, wanted, rtol) => {
    const allowed = rtol * Math.max(1e-12, largest(wanted));
    return given.every((g, i) => Math.abs(g - wanted[i]) <= allowed);
  };

  function difference(given, wanted, rtol, vector) {
    if (!vector) return `you have ${written(given[0])}, wanted is ${written(wanted[0])}`;
    const allowed = rtol * Math.max(1e-12, largest(wanted));
    const off = given.map((g, i) => Math.abs(g - wanted[i]) > allowed);
    const first = off.indexOf(true);
    const count = off.filter(Boolean).length;
    return `${count} of ${given.length} entries differ; at index (${first},) you have `
      + `${written(given[first])}, wanted is ${written(wanted[first])}`;
  }

  function hint(exercise, given, wanted) {
    for (const [sentence, wrong] of exercise.slips) {
      const values = [wrong].flat();
      if (values.length === given.length && agree(given, values, exercise.rtol)) return ` ${sentence}`;
    }
    if (wanted.some((w) => w !== 0)) {
      for (const [sentence, factor] of TYPICAL) {
        if (agree(given, wanted.map((w) => factor * w), exercise.rtol)) return ` ${sentence}`;
      }
    }
    return "";
  }

  // [right, sentence] for what stands in the fields; as `judge_fields` of helpers.exercises.forms.
  function judge(exercise, fields) {
    const { name, kind, rtol, praise } = exercise;
    const right = [true, `${name}: right. ${praise}`.trim()];
    if (!fields.some((text) => text.trim())) return [false, `${name}: not answered yet.`];
    if (kind === "word") {
      if (fields[0] === exercise.answer) return right;
      const slip = exercise.slips.find(([, wrong]) => wrong === fields[0]);
      return [false, `${name}: not yet. ${slip[0]}`];
    }
    const given = [];
    for (const [i, text] of fields.entries()) {
      const [value, problem] = parse(text);
      const where = fields.length > 1 ? ` in field ${i + 1}` : "";
      if (problem) return [false, `${name}: ${problem}${where}.`];
      given.push(value);
    }
    const wanted = [exercise.answer].flat();
    if (agree(given, wanted, rtol)) return right;
    const words = difference(given, wanted, rtol, kind === "vector");
    return [false, `${name}: not yet: ${words}.${hint(exercise, given, wanted)}`];
  }

  class Form {
    constructor(element) {
      this.element = element;
      this.name = element.dataset.exercise;
      this.verdict = element.querySelector(".cml-verdict");
      this.exercise = null;
      element.hidden = false;
      element.addEventListener("submit", (event) => {
        event.preventDefault();
        this.answer();
      });
      const kept = store.kept[this.name];
      if (kept) this.restore(kept);
    }

    get fields() {
      const radios = [...this.element.querySelectorAll('input[type="radio"]')];
      if (radios.length) return [radios.find((r) => r.checked)?.value ?? ""];
      return [...this.element.querySelectorAll('input[type="text"]')].map((i) => i.value);
    }

    async judged(fields) {
      this.exercise ??= await unpack(this.element.querySelector(".cml-exercise").textContent);
      return judge(this.exercise, fields);
    }

    async answer() {
      const fields = this.fields;
      const [right, sentence] = await this.judged(fields);
      this.show(right, sentence);
      const before = store.kept[this.name];
      store.keep(this.name, { fields, right: right || Boolean(before?.right) });
      progress();
    }

    show(right, sentence) {
      this.verdict.textContent = sentence;
      this.element.dataset.right = right;
    }

    async restore(kept) {
      const fields = Array.isArray(kept.fields) ? kept.fields.map(String) : [];
      this.element.querySelectorAll("input").forEach((input) => {
        if (input.type === "radio") input.checked = input.value === fields[0];
      });
      this.element.querySelectorAll('input[type="text"]').forEach((input, i) => {
        input.value = fields[i] ?? "";
      });
      this.show(...await this.judged(this.fields));
    }

    clear() {
      this.element.reset();
      this.verdict.textContent = "";
      delete this.element.dataset.right;
    }
  }

  let forms = [];

  // How far one has come: in a chapter by its own forms, elsewhere by the names that a list holds.
  function progress() {
    document.querySelectorAll(".cml-progress").forEach((element) => {
      const names = element.dataset.exercises.split(" ");
      const right = names.filter((name) => store.kept[name]?.right).length;
      element.textContent = right ? `${right} of ${names.length} exercises right` : "";
    });
    document.querySelectorAll(".cml-forget").forEach((button) => {
      button.hidden = !Object.keys(store.kept).length;
    });
  }

  function start() {
    store.read();
    forms = [...document.querySelectorAll("form.cml-form")].map((element) => new Form(element));
    document.querySelectorAll(".cml-forget").forEach((button) => {
      button.addEventListener("click", () => {
        store.forget();
        forms.forEach((form) => form.clear());
        progress();
      });
    });
    // What is answered or forgotten in another tab counts here as well.
    addEventListener("storage", (event) => {
      if (event.key !== null && !event.key.startsWith(KEY)) return;
      store.read();
      progress();
    });
    progress();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
