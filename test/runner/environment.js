import { TestEnvironment } from "jest-environment-node";
export default class extends TestEnvironment {
	async setup() {
		await super.setup();
		this.global[Symbol.for("varve.product")] = (url) => import(url);
	}
}
