/**
 * Events as lines of CSV (RFC 4180): a head, then a line an event, for spreadsheets. Data and
 * metadata are the text that was sent; bytes that are not UTF-8 are in Base64, as the column says.
 *
 * Nothing is altered to please a spreadsheet: a text that begins with `=` is there as it was sent,
 * and whoever opens the file with formulas enabled has to know where it comes from.
 */
import type { Entry } from "../model.ts";

const COLUMNS = [
	"stream",
	"version",
	"position",
	"id",
	"type",
	"created",
	"encoding",
	"data",
	"metadata",
];

export const CSV_HEAD = `${COLUMNS.join(",")}\r\n`;

export function encodeEntryCsv({ event, updated }: Entry): string {
	const { streamId, eventNumber, position, eventId, eventType, data, metadata } = event;
	const texts = [data, metadata].map(textOf);
	const isText = texts.every((text) => text !== undefined);
	const content = isText
		? texts
		: [data, metadata].map((bytes) => Buffer.from(bytes).toString("base64"));
	const encoding = isText ? "utf-8" : "base64";
	const place = [streamId, eventNumber, position, eventId, eventType, updated, encoding];
	return csvLine([...place, ...content]);
}

export function csvLine(values: readonly (string | number | undefined)[]): string {
	return `${values.map(fieldOf).join(",")}\r\n`;
}

function textOf(bytes: Uint8Array): string | undefined {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		return undefined;
	}
}

function fieldOf(value: string | number | undefined): string {
	const text = String(value ?? "");
	return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
