/** Charts as SVG text, without a browser. A file of it: `await writeFile('curve.svg', learningCurve(series, options))`. */
export { forecastBand } from './forecast-band.mjs';
export { heatMap } from './heat-map.mjs';
export { learningCurve } from './learning-curve.mjs';
