import type { PlantShare } from './split.ts';
/** A plant of the demo. */
export interface DemoPlant extends PlantShare {
  /** Name people see; also the name of its folder, spaces and Japanese included. */
  readonly name: string;
}
/** Three plants, each with mostly its own digits. The second one loses its network. */
export declare function demoPlants(examples: number): readonly [DemoPlant, DemoPlant, DemoPlant];
