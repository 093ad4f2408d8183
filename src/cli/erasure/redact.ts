/** `varve redact`: erases the data of one event. */
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { report } from "../output/standard.ts";
import { CLIENT_OPTIONS, EXIT, streamOperand, type Verb } from "../verb.ts";

export const redact: Verb = {
	name: "redact",
	summary: "Erase the data of an event",
	operands: ["STREAM", "VERSION"],
	purpose: `Erases the data of one event on a running server, for good, from the disk too. The event
		stays, with its number, id, type and time, and so does every link to it; readers see that it was
		redacted, and get no data. You cannot undo it, but you may repeat it. Name the event's own
		stream, not a stream that lists it ($all, $ce-order). You cannot redact metadata of streams,
		tombstones and links. Caches and backups outside the server keep their copies until they drop
		them.`,
	options: [
		...CLIENT_OPTIONS,
		{
			name: "metadata",
			flag: "metadata",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Erase the event's metadata as well.",
		},
	],
	examples: ["varve redact person-42 7", "varve redact person-42 7 --metadata"],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const stream = streamOperand(operands, "redact an event of");
	const version = operands[1];
	if (version === undefined) {
		const quoted = "in a shell, put a name with $ in single quotes";
		throw new Failure(
			`VERSION is missing: name the event, such as order-42 7; ${quoted}`,
			EXIT.usage,
		);
	}
	if (!/^\d{1,15}$/.test(version)) {
		throw new Failure(
			`${version} is not a version: it must be a whole number from 0, as in order-42 7`,
			EXIT.usage,
		);
	}
	const { request } = await import("../reading/request.ts");
	const query = values.metadata ? "?metadata=true" : "";
	const path = `/streams/${encodeURIComponent(stream)}/${version}/data${query}`;
	const erased = await request(values, { method: "DELETE", path }, ({ status, headers }) =>
		status === 204 ? (headers.get("varve-redacted") ?? undefined) : undefined,
	);
	const what = erased.replace(", ", " and ");
	report(`${what} of ${version}@${stream} erased\n`);
	return EXIT.done;
}
