package modules

// SampleOnce lets tests send the metrics of what there is without waiting for the server to do so.
var SampleOnce = (*App).sampleOnce

// OpenInMaintenance lets tests know which routes are open in maintenance.
var OpenInMaintenance = openInMaintenance
