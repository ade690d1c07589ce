// Records this page load with rrweb and hands each event to the lab, as our own recorder would.
//
// Three marks are added to the stream: `ww.channels` says what is recorded even while nothing of it
// happens; `ww.tick` comes when nothing followed a press for longer than a reaction may take, so that
// the stream's own clock passes the window; `ww.goal` when the shop says that a goal was reached.

(() => {
  if (window.top !== window || !location.protocol.startsWith("http")) return;

  const TICK_MS = 2600;
  const REACTION_MS = 2500;
  const CHANNELS = ["console", "goals"];
  const FULL_SNAPSHOT = 2;
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

  const declare = () => rrweb.record.addCustomEvent("ww.channels", { channels: CHANNELS });

  rrweb.record({
    emit(event) {
      last = Math.max(last, event.timestamp);
      window.labEmit(JSON.stringify(event));
      if (event.type === FULL_SNAPSHOT) setTimeout(declare, 0);
      if (isPress(event)) expectSilence(event.timestamp);
    },
    plugins: [rrwebPluginConsoleRecord.getRecordConsolePlugin()],
  });

  document.addEventListener("shop:goal", ({ detail }) =>
    rrweb.record.addCustomEvent("ww.goal", { name: detail.name }));
})();
