/** `varve redact`: erases the data of one event. */
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { CLIENT_OPTIONS, EXIT, type Verb } from "../verb.ts";

export const redact: Verb = {
	name: "redact",
	summary: "Erase the data of an event",
	operands: ["STREAM", "VERSION"],
	purpose: `Erases the data of one event of a running server, for good and from the disk as well.
		The event stays: its number, id, type and time, and every link to it; readers see that it was
		redacted, and find no data. It cannot be undone, but it may be repeated. Name the stream the
		event is of, not a list it is in ($all, $ce-order). Metadata of streams, tombstones and links
		cannot be redacted. Caches and backups outside the server keep what they have until they drop
		it.`,
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
	const [stream, version, unexpected] = operands;
	if (stream === undefined || version === undefined || unexpected !== undefined) {
		throw new Failure("which event? it takes STREAM and VERSION", EXIT.usage);
	}
	if (!/^\d{1,15}$/.test(version)) {
		throw new Failure(`${version} is no version: a whole number from 0`, EXIT.usage);
	}
	const { request } = await import("./request.ts");
	const query = values.metadata ? "?metadata=true" : "";
	await request(values, "DELETE", `/streams/${encodeURIComponent(stream)}/${version}/data${query}`);
	const what = values.metadata ? "data and metadata" : "data";
	process.stdout.write(`${what} of ${version}@${stream} erased\n`);
	return EXIT.done;
}
