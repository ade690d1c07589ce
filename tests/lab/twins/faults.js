// Makes one control of a page answer or not, whatever the shop itself would do. What a dead control would have
// changed is changed elsewhere and later, so that a count of changes does not tell the twins apart.
//
// `window.__labTwin = { selector, fault, answers, mend }` is set before: `fault` is dead, slow, error or refused;
// `mend` says that the shop's own control never answers, so that an answer must be made here.

(() => {
  const twin = window.__labTwin;
  if (window.top !== window || !location.protocol.startsWith("http") || !twin) return;

  const SLOW_MS = 1900;
  const passing = new WeakSet();
  let board;

  const later = (low, high, what) => setTimeout(what, low + Math.random() * (high - low));

  function elsewhere() {
    if (!document.body) return;
    if (!board) {
      board = document.createElement("p");
      board.className = "faint";
      board.innerHTML = "<span>Open</span> <span>today</span>";
      document.querySelector("footer, main")?.append(board);
    }
    for (const part of board.children) part.textContent = `${Math.floor(Math.random() * 900)}`;
  }

  function tick() {
    elsewhere();
    later(400, 1600, tick);
  }

  function say(control, text, role) {
    let note = document.getElementById("lab-note");
    if (!note) {
      note = document.createElement("p");
      note.id = "lab-note";
      note.setAttribute("role", role);
      control.insertAdjacentElement("afterend", note);
    }
    note.textContent = `${text} ${new Date().toLocaleTimeString("en", { hour12: false })}.${Date.now() % 1000}`;
    control.setAttribute("aria-pressed", String(control.getAttribute("aria-pressed") !== "true"));
  }

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // On the root element and not on the document, where the recorder listens: it must see every click.
  const listen = () => document.documentElement.addEventListener("click", (event) => {
    const control = event.target.closest?.(twin.selector);
    if (!control) return;
    if (passing.has(control)) return passing.delete(control);
    if (twin.answers) {
      if (!twin.mend) return;
      stop(event);
      later(60, 200, () => say(control, "Done", "status"));
      return;
    }
    stop(event);
    if (twin.fault === "slow") {
      setTimeout(() => {
        if (twin.mend) return say(control, "Done", "status");
        passing.add(control);
        control.click();
      }, SLOW_MS);
      return;
    }
    if (twin.fault === "refused") {
      later(60, 200, () => say(control, "That did not work.", "alert"));
      return;
    }
    if (twin.fault === "error") later(40, 120, () => console.error("Request failed: 500"));
    later(2700, 6000, elsewhere);
  }, true);

  document.addEventListener("DOMContentLoaded", () => {
    listen();
    later(300, 900, tick);
  });
})();
