/* Moves the figures of the rendered book. Each state was drawn when the book was built;
   this script only swaps the groups in which two states differ. */
(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";

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
      this.fieldset.addEventListener("input", () => this.move());
      // A browser may restore an input's old position on reload: the drawing has to follow it.
      if (this.inputs.some((i) => i.type === "checkbox" ? i.checked !== i.defaultChecked
        : i.type === "range" ? i.value !== i.defaultValue
          : !i.options[i.selectedIndex].defaultSelected)) this.move();
    }

    prepare() {
      if (!this.unpacking) {
        this.unpacking = unpack(this.element.querySelector(".cml-packed").textContent).then((data) => {
          this.data = data;
          this.shown = this.panes.map(() => null);
          this.element.dataset.unpacked = "";
        });
      }
      return this.unpacking;
    }

    move() {
      if (!this.data) {
        this.prepare().then(() => this.move());
        return;
      }
      let state = 0;
      this.inputs.forEach((input, i) => {
        const { texts } = this.data.controls[i];
        const position = input.type === "checkbox" ? Number(input.checked) : Number(input.value);
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

    draw(pane, i, groups) {
      const shown = this.shown[i];
      if (shown && shown.length === groups.length) {
        const children = [...pane.children];
        groups.forEach((number, k) => {
          if (number !== shown[k]) children[k].replaceWith(this.node(number));
        });
      } else {
        pane.replaceChildren();
        groups.forEach((number) => pane.append(this.node(number)));
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
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
