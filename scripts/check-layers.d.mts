/** The problems of the sources below the folder `src`, one sentence each. */
export declare function checkLayers(src: string): string[];
