// Records this page load with three recorders at once, so that they all see the very same session: rrweb 2, rrweb 1
// and PostHog's. Each hands its events to the lab under its own name; none knows of the others.
//
// Beside rrweb 2 the marks are made that our own recorder makes: `ww.channels`, and `ww.tick` when nothing followed
// a press for longer than a reaction may take. Without them the stream is that of plain rrweb 2.

(() => {
  if (window.top !== window || !location.protocol.startsWith("http")) return;

  const TICK_MS = 2600;
  const REACTION_MS = 2500;
  const FULL_SNAPSHOT = 2;
  const MOUSE_DOWN = 1;
  const TOUCH_START = 7;
  const { rrweb2, rrweb1, posthog, console2, console1, consolePosthog } = window.labRecorders;

  let last = 0;
  let timer = 0;

  const hand = (name, event) => window.labEmit(`${name} ${JSON.stringify(event)}`);
  const isPress = ({ type, data }) =>
    type === 3 && data.source === 2 && (data.type === MOUSE_DOWN || data.type === TOUCH_START);

  function expectSilence(pressed) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (last < pressed + REACTION_MS) rrweb2.record.addCustomEvent("ww.tick", {});
    }, TICK_MS);
  }

  const declare = () => rrweb2.record.addCustomEvent("ww.channels", { channels: ["console", "goals"] });

  rrweb2.record({
    emit(event) {
      last = Math.max(last, event.timestamp);
      hand("rrweb2", event);
      if (event.type === FULL_SNAPSHOT) setTimeout(declare, 0);
      if (isPress(event)) expectSilence(event.timestamp);
    },
    plugins: [console2()],
  });
  rrweb1.record({ emit: (event) => hand("rrweb1", event), plugins: [console1()] });
  posthog.record({ emit: (event) => hand("posthog", event), plugins: [consolePosthog()] });
})();
