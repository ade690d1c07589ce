// Records this page load with rrweb and hands each event to the lab, as our own recorder would.
//
// Two marks are added to the stream: `ww.tick` when nothing followed a press for longer than a
// reaction may take, so that the stream's own clock passes the window; and `ww.goal` when the shop
// says that a goal was reached.

(() => {
  if (window.top !== window || !location.protocol.startsWith("http")) return;

  const TICK_MS = 2600;
  const REACTION_MS = 2500;
  const MOUSE_DOWN = 1;
  const TOUCH_START = 7;

  let last = 0;
  let timer = 0;

  const isPress = ({ type, data }) =>
    type === 3 && data.source === 2 && (data.type === MOUSE_DOWN || data.type === TOUCH_START);

  function expectSilence(pressed) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (last < pressed + REACTION_MS) rrweb.record.addCustomEvent("ww.tick", {});
    }, TICK_MS);
  }

  rrweb.record({
    emit(event) {
      last = Math.max(last, event.timestamp);
      window.labEmit(JSON.stringify(event));
      if (isPress(event)) expectSilence(event.timestamp);
    },
    plugins: [rrwebPluginConsoleRecord.getRecordConsolePlugin()],
  });

  document.addEventListener("shop:goal", ({ detail }) =>
    rrweb.record.addCustomEvent("ww.goal", { name: detail.name }));
})();
