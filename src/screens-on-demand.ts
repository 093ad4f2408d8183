/**
 * The admin UI, loaded when a browser first asks. It is a fifth of the code that a server loads,
 * and most servers that start have nobody who watches.
 */
import { existsSync } from "node:fs";
import type { Screen, Screens, ShownProblem, StaticFile, Visit } from "./screens.ts";

/** The admin UI may be left out of an installation, so nothing imports it by name. */
const ADMIN = "../admin/index.js";

/** @returns undefined if it is not there */
export function installedScreens(): Screens | undefined {
	return existsSync(new URL(ADMIN, import.meta.url)) ? new ScreensOnDemand() : undefined;
}

class ScreensOnDemand implements Screens {
	#loaded: Promise<Screens> | undefined;

	async show(visit: Visit): Promise<Screen | undefined> {
		return (await this.#screens()).show(visit);
	}

	async submit(visit: Visit, form: URLSearchParams): Promise<Screen> {
		return (await this.#screens()).submit(visit, form);
	}

	async refused(visit: Visit, problem: ShownProblem): Promise<Screen> {
		return (await this.#screens()).refused(visit, problem);
	}

	async file(name: string): Promise<StaticFile | undefined> {
		return (await this.#screens()).file(name);
	}

	#screens(): Promise<Screens> {
		this.#loaded ??= load().catch((error: unknown) => {
			// Whoever asks next may be luckier.
			this.#loaded = undefined;
			throw error;
		});
		return this.#loaded;
	}
}

async function load(): Promise<Screens> {
	const admin: { createScreens(): Screens } = await import(new URL(ADMIN, import.meta.url).href);
	return admin.createScreens();
}
