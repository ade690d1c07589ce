// A page that is never still: six thousand cells, of which three hundred change each second, in one frame or another.

(() => {
  const CELLS = 6_000;
  const CHANGED = 30;
  const EVERY_MS = 100;
  const main = document.querySelector("main");
  const cells = [];
  for (let i = 0; i < CELLS; i += 1) {
    const cell = document.createElement("span");
    cell.className = "cell";
    cell.textContent = `${i % 90}`;
    cells.push(cell);
  }
  main.append(...cells);
  let n = 0;
  setInterval(() => {
    for (let i = 0; i < CHANGED; i += 1) {
      n = (n + 7_919) % CELLS;
      cells[n].textContent = `${(n * 31) % 997}`;
      cells[n].classList.toggle("hot");
    }
  }, EVERY_MS);
})();
