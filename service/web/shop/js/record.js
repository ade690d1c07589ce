// The one place where a recorder may be attached. With neither hook present nothing is recorded.
//
//   window.__wwRecord = (facts) => { ... }    a host that has its own recorder
//   ?record=KEY                               loads the recorder of the server that serves the shop,
//                                             with this write key, for this tab

const RECORDER = "/static/recorder.js";

/** Calls or loads the recorder that the host asked for, if any. */
export function attachRecorder() {
  if (typeof window.__wwRecord === "function") {
    window.__wwRecord({ shop: "halfmoon", page: document.body.dataset.page });
    return;
  }
  const key = new URLSearchParams(location.search).get("record") ?? sessionStorage.getItem("halfmoon.record");
  if (!key) return;
  sessionStorage.setItem("halfmoon.record", key);
  const tag = document.createElement("script");
  tag.async = true;
  tag.src = RECORDER;
  tag.dataset.key = key;
  document.head.append(tag);
}

/** Tells whoever listens that the visitor reached a goal. */
export function goal(name, value) {
  document.dispatchEvent(new CustomEvent("shop:goal", { detail: { name, value } }));
}
