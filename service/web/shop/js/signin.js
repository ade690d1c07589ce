// Signing in. Without a server any password of eight characters opens the door.

import { page } from "./frame.js";
import { post } from "./api.js";

page(() => {
  const form = document.getElementById("signin");
  const alert = document.getElementById("signin-error");
  const say = (message) => {
    alert.textContent = message;
    alert.hidden = !message;
    for (const field of [form.elements.email, form.elements.password]) {
      if (message) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { email, password } = Object.fromEntries(new FormData(form));
    if (!email || !password) return say("Give both your email address and your password.");
    const { ok } = await post("signin", { email, password }, () => ({ ok: password.length >= 8 }));
    if (!ok) return say("That email address and password do not belong together.");
    say("");
    form.hidden = true;
    document.getElementById("welcome").hidden = false;
    document.getElementById("who").textContent = email.split("@")[0];
  });
  document.getElementById("reveal").addEventListener("click", (event) => {
    const field = form.elements.password;
    field.type = field.type === "password" ? "text" : "password";
    event.target.setAttribute("aria-pressed", String(field.type === "text"));
    event.target.textContent = field.type === "text" ? "Hide" : "Show";
  });
});
