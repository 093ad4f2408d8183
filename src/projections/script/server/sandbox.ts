/** Opens scripts, each in a place of the sandbox. */
import { createHash } from "node:crypto";
import type { Definition } from "../model/definition.ts";
import { type Fault, ScriptFault } from "../model/fault.ts";
import { LIMITS } from "../model/limits.ts";
import {
	SandboxLost,
	type Script,
	type ScriptSource,
	type Scripts,
	type Usage,
} from "../model/script.ts";
import type { Opening, Reply, ScriptId } from "../process/protocol.ts";
import { Home } from "./home.ts";
import { OpenScript } from "./open-script.ts";
import { faultOf } from "./place.ts";

/** Scripts that ran when their process died are remembered, so many of them. */
const SUSPECTS_MAX = 1_000;

/** Nothing is started before the first script is opened. */
export function openScripts(): Scripts {
	return new Sandbox();
}

/**
 * Scripts share a process, since one costs 50 MB. If it dies, nobody knows for which of those that
 * ran; so each of them gets a process of its own when it is opened again, and a script that kills
 * processes kills its own from then on.
 */
class Sandbox implements Scripts {
	#shared: Home | undefined;
	readonly #homes = new Set<Home>();
	readonly #sources = new Map<ScriptId, string>();
	readonly #suspects = new Set<string>();
	#next = 0;
	#isClosed = false;

	async open(script: ScriptSource): Promise<Script> {
		if (this.#isClosed) throw new SandboxLost("the sandbox is closed");
		const limits = { ...LIMITS, ...script.limits };
		const { source, mayEmit = false, startsFromNothing = false } = script;
		const bytes = Buffer.byteLength(source);
		if (bytes > limits.sourceBytes) throw new ScriptFault(tooLong(bytes, limits.sourceBytes));
		const id = this.#next++;
		const isPartial = !startsFromNothing;
		const opening: Opening = { kind: "open", script: id, source, limits, mayEmit, isPartial };
		const digest = createHash("sha256").update(source).digest("base64");
		const home = this.#homeOf(digest);
		this.#sources.set(id, digest);
		const reply = await new Promise<Reply>((answer) => home.open(opening, answer));
		const leave = () => this.#leave(id, home);
		if ("answer" in reply) {
			const definition = JSON.parse(reply.answer) as Definition;
			return new OpenScript({ id, home, definition, script, limits, leave });
		}
		leave();
		if ("lost" in reply) throw new SandboxLost(reply.lost);
		throw new ScriptFault(faultOf(reply.fault, [], 0));
	}

	usage(): Usage {
		const pulses = [...this.#homes].map((home) => home.pulse);
		return {
			processes: this.#homes.size,
			threads: pulses.reduce((sum, { threads }) => sum + threads, 0),
			scripts: this.#sources.size,
			residentBytes: pulses.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
		};
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		await Promise.all([...this.#homes].map((home) => home.close()));
	}

	#homeOf(digest: string): Home {
		if (this.#suspects.has(digest)) return this.#start();
		if (!this.#shared || this.#shared.isOver) this.#shared = this.#start();
		return this.#shared;
	}

	#start(): Home {
		const home = new Home((running) => {
			this.#homes.delete(home);
			for (const id of running) this.#suspect(this.#sources.get(id));
		});
		this.#homes.add(home);
		return home;
	}

	#suspect(digest: string | undefined): void {
		if (digest === undefined || this.#isClosed) return;
		this.#suspects.add(digest);
		const [oldest] = this.#suspects;
		if (this.#suspects.size > SUSPECTS_MAX && oldest) this.#suspects.delete(oldest);
	}

	#leave(id: ScriptId, home: Home): void {
		if (!this.#sources.delete(id)) return;
		home.leave(id);
		if (home !== this.#shared && !home.isOver) void home.close();
	}
}

function tooLong(bytes: number, bytesMax: number): Fault {
	const message = `the source is ${bytes} bytes long; the limit is ${bytesMax}`;
	const nowhere = { line: undefined, column: undefined, during: undefined, event: undefined };
	return { kind: "source", message, ...nowhere };
}
