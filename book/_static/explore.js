/* Moves the figures of the rendered book. Each state was drawn when the book was built;
   this script only swaps the groups in which two states differ. */
(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const PLAY_MILLISECONDS = 300;

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).json();
  }

  class Figure {
    constructor(element) {
      this.element = element;
      this.fieldset = element.querySelector(".cml-controls");
      this.inputs = [...this.fieldset.querySelectorAll("[data-name]")];
      this.reading = element.querySelector(".cml-reading");
      this.panes = [...element.querySelectorAll(".cml-groups")];
      this.data = null;
      this.unpacking = null;
      this.nodes = new Map();
      this.shown = null;
      this.fieldset.disabled = false;
      this.fieldset.addEventListener("input", () => { this.stop(); this.move(); });
      this.player = this.fieldset.querySelector(".cml-play");
      this.playing = 0;
      if (this.player) this.prepareToPlay();
      this.fieldset.querySelector(".cml-back").addEventListener("click", () => {
        this.stop();
        this.inputs.forEach((input) => this.put(input, this.start(input)));
        this.move();
      });
      // A browser may restore an input's old position on reload: the drawing has to follow it.
      if (this.inputs.some((input) => this.position(input) !== this.start(input))) this.move();
    }

    prepare() {
      if (!this.unpacking) {
        this.unpacking = unpack(this.element.querySelector(".cml-packed").textContent).then((data) => {
          this.data = data;
          // The page came with the first state drawn: the first move swaps only what differs.
          this.shown = data.states[data.first].slice();
          this.reserve();
          window.addEventListener("resize", () => this.reserve());
          this.element.dataset.unpacked = "";
        });
      }
      return this.unpacking;
    }

    // A fixed height, that of the tallest reading: a page that moves under the hand is hard to
    // read, and slow, because the browser then goes through the whole page at each move.
    reserve() {
      const probe = document.createElement("div");
      probe.className = "cml-reading cml-probe";
      probe.append(...[...new Set(this.data.readings)].map((text) => {
        const line = document.createElement("div");
        line.textContent = text;
        return line;
      }));
      this.element.append(probe);
      const tallest = Math.max(...[...probe.children].map((line) => line.offsetHeight));
      probe.remove();
      this.reading.style.height = `${tallest}px`;
    }

    position(input) {
      return input.type === "checkbox" ? Number(input.checked) : Number(input.value);
    }

    // Steps a control through, from the start if it stands at the end. A touch of the figure stops
    // it. Where the reader asked for less motion, each press is one step.
    prepareToPlay() {
      const input = this.inputs.find((i) => i.dataset.name === this.player.dataset.plays);
      const still = matchMedia("(prefers-reduced-motion: reduce)");
      const name = () => {
        this.player.textContent = this.playing ? "Stop" : still.matches ? "Next step" : "Play";
      };
      const atEnd = () => Number(input.value) >= Number(input.max);
      const step = () => {
        this.put(input, atEnd() ? Number(input.min) : Number(input.value) + 1);
        this.move();
        if (atEnd()) this.stop();
      };
      this.stop = () => {
        clearInterval(this.playing);
        this.playing = 0;
        name();
      };
      this.player.addEventListener("click", () => {
        if (this.playing) { this.stop(); return; }
        if (!still.matches) this.playing = setInterval(step, PLAY_MILLISECONDS);
        step();
        name();
      });
      this.element.addEventListener("pointerdown", (event) => {
        if (!this.player.contains(event.target)) this.stop();
      });
      still.addEventListener("change", () => this.stop());
      name();
    }

    stop() { /* nothing plays */ }

    start(input) {
      if (input.type === "checkbox") return Number(input.defaultChecked);
      if (input.type === "range") return Number(input.defaultValue);
      return [...input.options].findIndex((option) => option.defaultSelected);
    }

    put(input, position) {
      if (input.type === "checkbox") input.checked = Boolean(position);
      else input.value = String(position);
    }

    // Sets the controls that a link names: "learning_rate=0.4&scaled=on".
    set(query) {
      return this.prepare().then(() => {
        for (const [name, wanted] of new URLSearchParams(query)) {
          const i = this.inputs.findIndex((input) => input.dataset.name === name);
          const position = i < 0 ? -1 : this.data.controls[i].texts.indexOf(wanted);
          if (position >= 0) this.put(this.inputs[i], position);
        }
        this.move();
      });
    }

    move() {
      if (!this.data) {
        this.prepare().then(() => this.move());
        return;
      }
      let state = 0;
      this.inputs.forEach((input, i) => {
        const { texts } = this.data.controls[i];
        const position = this.position(input);
        state = state * texts.length + position;
        if (input.type === "range") {
          input.setAttribute("aria-valuetext", texts[position]);
          input.parentElement.querySelector("output").textContent = texts[position];
        }
      });
      this.panes.forEach((pane, i) => this.draw(pane, i, this.data.states[state][i]));
      this.reading.textContent = this.data.readings[state];
      this.element.dataset.state = state;
    }

    node(number) {
      const known = this.nodes.get(number);
      if (known) return known.isConnected ? known.cloneNode(true) : known;
      const holder = document.createElementNS(SVG, "g");
      holder.innerHTML = this.data.groups[number];
      const made = holder.firstElementChild;
      this.nodes.set(number, made);
      return made;
    }

    // Puts the groups of a state into a drawing, leaving alone what is there already.
    draw(pane, i, groups) {
      const shown = this.shown[i];
      const children = [...pane.children];
      if (shown.length === groups.length) {
        groups.forEach((number, k) => {
          if (number !== shown[k]) children[k].replaceWith(this.node(number));
        });
      } else {
        let head = 0;
        while (head < shown.length && shown[head] === groups[head]) head += 1;
        let tail = 0;
        const most = Math.min(shown.length, groups.length) - head;
        while (tail < most && shown.at(-1 - tail) === groups.at(-1 - tail)) tail += 1;
        children.slice(head, shown.length - tail).forEach((child) => child.remove());
        const after = children[shown.length - tail] || null;
        groups.slice(head, groups.length - tail)
          .forEach((number) => pane.insertBefore(this.node(number), after));
      }
      this.shown[i] = groups;
    }
  }

  function start() {
    const figures = [...document.querySelectorAll(".cml")]
      .filter((element) => element.querySelector(".cml-packed"))
      .map((element) => new Figure(element));
    // Unpack a figure only when the reader comes near it.
    const near = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        near.unobserve(entry.target);
        figures.find((f) => f.element === entry.target).prepare();
      }
    }, { rootMargin: "300px" });
    figures.forEach((figure) => near.observe(figure.element));

    // A value in the text sets the figure that the text talks of, and so does such an address.
    const open = (figure, name, query) => figure.set(query).then(() => {
      history.replaceState(null, "", `#${name}?${query}`);
      const box = figure.element.getBoundingClientRect();
      if (box.top < 0 || box.bottom > innerHeight) figure.element.scrollIntoView();
    });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a.cml-set");
      const figure = link && figures.find((f) => `#${f.element.id}` === link.getAttribute("href"));
      if (!figure) return;
      event.preventDefault();
      open(figure, link.dataset.figure, link.dataset.set);
    });
    const [name, query] = decodeURIComponent(location.hash.slice(1)).split("?");
    const asked = query && figures.find((f) => f.element.id.replace(/-\d+$/, "") === `cml-${name}`);
    if (asked) open(asked, name, query);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
