/** A message of no event: it shows that a webhook works, from its target's side and from ours. */
import { randomBytes } from "node:crypto";
import { quote } from "../../../feeds/json/string.ts";
import type { Packed } from "../delivering/subject.ts";
import type { Webhook } from "../webhooks/webhook.ts";
import { binaryFields } from "./binary.ts";
import type { Sender } from "./message.ts";

export const TEST_TYPE = "varve.webhook.test";
const STRUCTURED = "application/cloudevents+json; charset=utf-8";
const BATCH = "application/cloudevents-batch+json; charset=utf-8";

export function packTest({ name, settings }: Webhook, sender: Sender): Packed {
	const id = `msg_test${randomBytes(12).toString("hex")}`;
	const time = new Date().toISOString();
	const { contentType, text, extra } = encode(name, settings.format, id, time);
	const body = Buffer.from(text);
	const fixed = ["User-Agent", sender.userAgent, ...extra, "Content-Type", contentType];
	return { id, body, fields: (at) => [...fixed, ...sender.sign(id, at, body)] };
}

function encode(name: string, format: string, id: string, time: string) {
	const data = `{"webhook":${quote(name)}}`;
	const attributes = { specversion: "1.0", id, source: `/webhooks/${name}`, type: TEST_TYPE, time };
	const structured = `${JSON.stringify(attributes).slice(0, -1)},"data":${data}}`;
	const extra: string[] = [];
	switch (format) {
		case "cloudevents":
			return { contentType: STRUCTURED, text: structured, extra };
		case "cloudevents-batch":
			return { contentType: BATCH, text: `[${structured}]`, extra };
		case "cloudevents-binary":
			return { contentType: "application/json", text: data, extra: binaryFields(attributes) };
		default: {
			const text = `{"type":"${TEST_TYPE}","timestamp":"${time}","data":${data}}`;
			return { contentType: "application/json; charset=utf-8", text, extra };
		}
	}
}
