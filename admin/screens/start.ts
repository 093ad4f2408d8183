/** The form that has a group or a subscription go on at another number, and what it says. */
import { Refusal } from "../../src/errors.ts";
import { type Html, html } from "../html.ts";

/** @param hidden the fields that say which form it is @param action where it is sent */
export function startForm(action: string, hidden: Html, says: readonly string[]): Html {
	const choice = (value: string, text: string, checked: Html | string) =>
		html`<label class="check"><input type="radio" name="start" value="${value}"${checked}><span>${text}</span></label>`;
	return html`<details><summary>Go on at another place</summary>
<form class="deed" method="post" action="${action}">${hidden}
<ul class="says">${says.map((line) => html`<li>${line}</li>`)}</ul>
${choice("beginning", "From the first event on", html` checked`)}
${choice("end", "From now on: what is there already is left out", "")}
${choice("number", "From this number on:", "")}
<label class="field">Number<input class="mono" name="number" inputmode="numeric" pattern="\\d{0,15}" autocomplete="off"></label>
<p class="buttons"><button type="submit" class="danger">Go on there</button></p></form></details>`;
}

/** @returns the first number; -1 for the end @throws Refusal `malformed-body` */
export function startIn(form: URLSearchParams): number {
	const start = form.get("start");
	if (start === "beginning") return 0;
	if (start === "end") return -1;
	const text = (form.get("number") ?? "").trim();
	if (start === "number" && /^\d{1,15}$/.test(text)) return Number(text);
	const reason = `'${text.slice(0, 40)}' is no number of an event. Nothing was changed.`;
	throw new Refusal("malformed-body", { reason });
}
