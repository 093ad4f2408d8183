/** `varve open`: the page of a stream or of an event in a browser. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { standardStream } from "../../observe/standard.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { boundaryAbove } from "../output/backward.ts";
import { answer, note } from "../output/standard.ts";
import { CLIENT_OPTIONS, EXIT, streamOperand, text, type Verb } from "../verb.ts";

const VERSION = /^\d{1,15}$/;

export const open: Verb = {
	name: "open",
	summary: "Open the page of the store, a stream or an event in a browser",
	operands: ["[STREAM]", "[VERSION]"],
	purpose: `Prints the URL of the page of a stream, of one of its events (of $all: by its position),
		or, without STREAM, of the overview. On a terminal it also opens the page, with the program that
		the system has for that. It asks the server nothing.`,
	options: [
		CLIENT_OPTIONS[0] as (typeof CLIENT_OPTIONS)[number],
		{
			name: "print",
			flag: "print",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Only print the URL.",
		},
	],
	examples: ["varve open", "varve open order-42", "varve open '$all' --print"],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const url = urlOf(text(values, "url"), operands);
	answer(`${url}\n`);
	if (values.print !== true && standardStream(1).isTTY) await show(url);
	return EXIT.done;
}

/** @throws Failure */
function urlOf(server: string, [stream, version]: readonly string[]): string {
	const base = server.replace(/\/+$/, "");
	if (stream === undefined) return `${base}/`;
	const name = streamOperand([stream], "open");
	if (!name.isWellFormed()) throw new Failure("STREAM is not text in Unicode", EXIT.usage);
	const segment = encodeURIComponent(name).replace(/[!'()*]/g, hexEscape);
	if (version === undefined) return `${base}/streams/${segment}`;
	if (!VERSION.test(version)) {
		throw new Failure(`VERSION ${version} is not a whole number from 0`, EXIT.usage);
	}
	const at = name === "$all" ? boundaryAbove(Number(version) - 1) : Number(version);
	return `${base}/streams/${segment}/${at}`;
}

/** So that the URL can be pasted into a shell as it is. */
function hexEscape(character: string): string {
	return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** No shell is between: the URL is one argument, and begins with `http`. */
async function show(url: string): Promise<void> {
	const [program, ...before] = openerOf(process.platform);
	const opener = spawn(program, [...before, url], { stdio: "ignore", detached: true });
	opener.unref();
	try {
		await once(opener, "spawn");
	} catch {
		note(`varve: ${program} is not there to open it; open the URL yourself\n`);
	}
}

function openerOf(platform: NodeJS.Platform): readonly [string, ...string[]] {
	if (platform === "darwin") return ["open"];
	if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
	return ["xdg-open"];
}
