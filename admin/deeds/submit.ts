/**
 * Carries out what a form asks for. A form sends its deed to the URL of its stream. The server then
 * leads the browser to the screen that shows what was done. If the store refuses, the server shows
 * the form again, with all that the person typed, and the reason.
 */
import { randomUUID } from "node:crypto";
import { Refusal } from "../../src/errors.ts";
import { parseStreamName, type StreamName } from "../../src/event.ts";
import { withTruncateBefore } from "../../src/retention/metadata.ts";
import type { Screen, ShownProblem, Visit } from "../../src/screens.ts";
import { type Frame, redirect } from "../frame/frame.ts";
import { withoutRule, withRules } from "../parts/json/rules.ts";
import { streamPath } from "../parts/name.ts";
import { confirmationOf, deedScreen } from "../screens/deed.ts";
import type { Deed } from "../screens/deed-request.ts";
import { metadata } from "../screens/metadata.ts";
import { describedIn } from "../screens/stream/described.ts";
import { stream as streamScreen } from "../screens/stream/screen.ts";

type Act = (frame: Frame, stream: StreamName, form: URLSearchParams) => Promise<Screen>;

const ACTS: Readonly<Record<string, Act>> = {
	append,
	restore,
	describe,
	"describe-json": describe,
	delete: (frame, stream, form) => confirmed(frame, stream, form, "delete", remove),
	truncate: (frame, stream, form) => confirmed(frame, stream, form, "truncate", truncate),
	redact: (frame, stream, form) => confirmed(frame, stream, form, "redact", redact),
};

/** @throws Refusal `malformed-body` for a form that no screen has */
export function act(frame: Frame, form: URLSearchParams): Promise<Screen> {
	const action = form.get("action") ?? "";
	const stream = parseStreamName(frame.visit.target.stream);
	const found = Object.hasOwn(ACTS, action) ? ACTS[action] : undefined;
	if (found) return found(frame, stream, form);
	throw new Refusal("malformed-body", {
		reason: `No form has the action '${action.slice(0, 40)}'.`,
	});
}

async function append(frame: Frame, stream: StreamName, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const fields = {
		type: form.get("type") ?? "",
		data: form.get("data") ?? "",
		metadata: form.get("metadata") ?? "",
		id: form.get("id") ?? "",
		expected: (form.get("expected") ?? "").trim(),
	};
	try {
		const { first } = await visit.store.deeds.append({
			stream,
			id: fields.id,
			type: fields.type,
			isJson: true,
			data: jsonBytes("Data", fields.data),
			metadata: jsonBytes("Metadata", fields.metadata),
			expected: expectedOf(fields.expected),
		});
		return redirect(visit, `${streamPath(stream)}?open=${first}`);
	} catch (error) {
		const problem = refusalOf(visit, error);
		return streamScreen(asHead(frame), { fields, problem });
	}
}

/** The screen of a stream's form is that of its newest events. */
function asHead(frame: Frame): Frame {
	const visit = { ...frame.visit, path: "/streams/:stream", query: new URLSearchParams() };
	return { ...frame, visit };
}

/** @throws Refusal `malformed-body` */
function jsonBytes(name: string, text: string): Uint8Array {
	const trimmed = text.trim();
	if (trimmed === "") return new Uint8Array(0);
	try {
		JSON.parse(trimmed);
	} catch (error) {
		throw new Refusal("malformed-body", {
			reason: `${name} is not JSON: ${(error as Error).message}.`,
		});
	}
	return Buffer.from(trimmed);
}

/** @throws Refusal `malformed-body` */
function expectedOf(text: string): number | undefined {
	if (text === "") return undefined;
	const number = /^(?:-1|\d{1,15})$/.test(text) ? Number(text) : Number.NaN;
	if (!Number.isNaN(number)) return number;
	const reason = `'${text.slice(0, 40)}' is no number of an event. It takes one, -1 for none, or nothing for any.`;
	throw new Refusal("malformed-body", { reason });
}

/** @throws the error itself, if it is no refusal */
function refusalOf({ explain }: Visit, error: unknown): ShownProblem {
	const problem = explain(error);
	if (problem === undefined) throw error;
	return problem;
}

async function confirmed(
	frame: Frame,
	stream: StreamName,
	form: URLSearchParams,
	deed: Deed,
	perform: Act,
): Promise<Screen> {
	const { visit } = frame;
	const from = form.get("event") ?? "";
	const again = { ...frame, visit: { ...visit, target: { ...visit.target, from } } };
	try {
		const last = Number(await visit.store.last(stream));
		const typed = (form.get("confirm") ?? "").trim();
		if (typed !== confirmationOf(stream, last).trim()) {
			throw new Refusal("malformed-body", {
				reason: "What was typed is not what the form asks for. Nothing was changed.",
			});
		}
		return await perform(frame, stream, form);
	} catch (error) {
		return deedScreen(again, deed, refusalOf(visit, error));
	}
}

async function remove(
	{ visit }: Frame,
	stream: StreamName,
	form: URLSearchParams,
): Promise<Screen> {
	const forEver = form.get("how") === "hard";
	await visit.store.deeds.remove(stream, forEver);
	return redirect(visit, forEver ? "/streams?order=changed" : streamPath(stream));
}

async function truncate(frame: Frame, stream: StreamName, form: URLSearchParams): Promise<Screen> {
	const before = (form.get("before") ?? "").trim();
	if (!/^\d{1,15}$/.test(before)) {
		throw new Refusal("malformed-metadata", {
			index: 0,
			rule: "$tb",
			reason: "it is not a whole number",
		});
	}
	return rewrite(frame, stream, (text) =>
		Buffer.from(withTruncateBefore(text === "" ? undefined : Buffer.from(text), before)).toString(),
	);
}

/**
 * Shows the events of a stream again that was deleted until the next append. Metadata for such a
 * stream undoes the delete, and the log hides what was deleted by a rule of its own, which it
 * writes behind it: so the rule is taken out after that once more.
 */
async function restore(frame: Frame, stream: StreamName): Promise<Screen> {
	const show = () => rewrite(frame, stream, (text) => withoutRule(text, "$tb"));
	await show();
	return show();
}

/** Only if nobody wrote metadata meanwhile. */
async function rewrite(
	{ visit }: Frame,
	stream: StreamName,
	change: (text: string) => string,
): Promise<Screen> {
	const { version, text } = await describedIn(visit.store, stream);
	await write(visit, stream, change(text), Number(version));
	return redirect(visit, streamPath(stream));
}

async function describe(frame: Frame, stream: StreamName, form: URLSearchParams): Promise<Screen> {
	const { visit } = frame;
	const sent = form.get("data");
	let text = sent ?? "";
	try {
		const described = await describedIn(visit.store, stream);
		if (sent === null) text = withRules(described.text, form);
		const expected = expectedOf(form.get("expected") ?? "") ?? -1;
		await write(visit, stream, text, expected);
		return redirect(visit, streamPath(stream, "/metadata"));
	} catch (error) {
		return metadata(frame, { problem: refusalOf(visit, error), text });
	}
}

async function write(
	visit: Visit,
	stream: StreamName,
	text: string,
	expected: number,
): Promise<void> {
	const data = jsonBytes("The document", text);
	const empty = new Uint8Array(0);
	const document = { stream, id: randomUUID(), type: "", isJson: true, data, metadata: empty };
	await visit.store.deeds.describe({ ...document, expected });
}

async function redact(
	{ visit }: Frame,
	stream: StreamName,
	form: URLSearchParams,
): Promise<Screen> {
	const version = Number(form.get("event"));
	await visit.store.deeds.redact(stream, version, form.get("metadata") === "yes");
	return redirect(visit, streamPath(stream, `/${version}`));
}
