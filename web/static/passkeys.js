// Passkeys: asks the device, and sends its answer with an ordinary form.
// A form with data-passkey ("get" or "create") has a hidden field for the answer; data-begin is the
// address that says what to ask for. Where the browser has no passkeys, the section stays hidden.

const section = document.getElementById("passkey");

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function prepared(options) {
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const ready = { ...options, challenge: bytes(options.challenge) };
  if (options.user) ready.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) ready.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) ready.allowCredentials = named(options.allowCredentials);
  return ready;
}

function answered(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
  });
}

async function ask(form) {
  const begun = await fetch(form.dataset.begin, { method: "POST" });
  if (!begun.ok) throw new Error(begun.statusText);
  const publicKey = prepared(await begun.json());
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
  form.elements.credential.value = answered(credential);
}

if (section && window.PublicKeyCredential) {
  section.hidden = false;
  const form = section.querySelector("form");
  const trouble = form.querySelector("[role=alert]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      await ask(form);
    } catch {
      trouble.hidden = false;
      return;
    }
    form.submit();
  });
}
