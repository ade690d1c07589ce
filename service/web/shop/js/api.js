// Talks to the shop's server, and copes where there is none (a plain static server).

/** JSON from `api/<path>`; where no such address exists, what `fallback` gives. */
export async function ask(path, fallback, options) {
  let answer;
  try {
    answer = await fetch(new URL(`api/${path}`, document.baseURI), options);
  } catch {
    return fallback();
  }
  const json = (answer.headers.get("content-type") ?? "").includes("json");
  return json ? { ok: answer.ok, ...(await answer.json()) } : fallback();
}

/** Posts a form's values as JSON. */
export const post = (path, values, fallback) =>
  ask(path, fallback, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(values),
  });

/** Resolves after `ms` milliseconds. */
export const later = (ms) => new Promise((done) => setTimeout(done, ms));
