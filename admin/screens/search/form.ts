/** The form of a search: one line where there is room for it. */
import type { Comparison } from "../../../src/searching/condition.ts";
import { type Html, html, type Part } from "../../html.ts";
import { visible } from "../../parts/visible.ts";
import { type Asked, reasonOf, type WrongField } from "./asked.ts";

/** As they stand in the form. */
export const COMPARED: Readonly<Record<Comparison, string>> = {
	eq: "=",
	ne: "≠",
	lt: "<",
	le: "≤",
	gt: ">",
	ge: "≥",
	contains: "contains",
	there: "is there",
};

type Field = {
	readonly name: string;
	readonly label: string;
	readonly placeholder: string;
	readonly max: number;
};

const STREAM: Field = { name: "stream", label: "Stream", placeholder: "order-*", max: 1024 };
const TYPE: Field = { name: "type", label: "Type", placeholder: "OrderPlaced", max: 1024 };
const PATH: Field = { name: "path", label: "Path", placeholder: "$.total", max: 600 };
const VALUE: Field = { name: "value", label: "Value", placeholder: "60", max: 1024 };
const FROM: Field = { name: "from", label: "From, UTC", placeholder: "2026-11-29 09:50", max: 40 };
const UNTIL: Field = { name: "until", label: "Until, UTC", placeholder: "now", max: 40 };
const ID: Field = { name: "id", label: "Event id", placeholder: "a UUID", max: 64 };
const NOTE = "wrong";

export function searchForm(asked: Asked): Html {
	return html`<form class="search-form" method="get" action="/search" id="filter">
${labelled(asked, STREAM)}${labelled(asked, TYPE)}
<fieldset><legend>Value in the data</legend>${input(asked, PATH, true)}${comparison(asked)}${input(asked, VALUE, true)}</fieldset>
${labelled(asked, FROM)}${labelled(asked, UNTIL)}${labelled(asked, ID)}
<p class="buttons"><button type="submit" class="main">Search</button></p>
${asked.wrong && wrongNote(asked, asked.wrong)}</form>`;
}

function labelled(asked: Asked, field: Field): Html {
	return html`<label class="field ${field.name}">${field.label}${input(asked, field, false)}</label>`;
}

function input(
	{ fields, wrong }: Asked,
	{ name, label, placeholder, max }: Field,
	isNamed: boolean,
) {
	const value = (fields.get(name) ?? "").slice(0, max);
	const invalid =
		wrong?.name === name ? html` aria-invalid="true" aria-describedby="${NOTE}" autofocus` : "";
	return html`<input class="mono" name="${name}" value="${value}" placeholder="${placeholder}" maxlength="${max}" spellcheck="false" autocomplete="off"${isNamed && html` aria-label="${label}"`}${invalid}>`;
}

function comparison({ fields }: Asked): Html {
	const chosen = fields.get("is") ?? (fields.get("path") && !fields.get("value") ? "there" : "eq");
	const options = Object.entries(COMPARED).map(
		([name, text]) =>
			html`<option value="${name}"${name === chosen ? html` selected` : ""}>${text}</option>`,
	);
	return html`<select name="is" aria-label="Compared">${options}</select>`;
}

function wrongNote({ fields }: Asked, wrong: WrongField): Html {
	const { name, at } = wrong;
	const text = fields.get(name) ?? "";
	return html`<p class="hint bad" role="alert" id="${NOTE}"><b>${visible(name)}</b> ${at === undefined ? "" : placed(text, at)} ${visible(reasonOf(wrong))}</p>`;
}

/** The text with the character that is wrong marked; behind the end it is a gap. */
function placed(text: string, at: number): Part {
	const [before, fault, after] = [text.slice(0, at), text.slice(at, at + 1), text.slice(at + 1)];
	const cut = (part: string) => visible(part.slice(0, 80));
	return html`<code>${cut(before.slice(-80))}<mark>${fault === "" ? "_" : visible(fault)}</mark>${cut(after)}</code>`;
}
