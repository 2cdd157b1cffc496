namespace Vla.Sensors.Datasets;

/// <summary>A dataset cannot be used: the message names it and the mend, in one line.</summary>
public sealed class DatasetException(string message, Exception? inner = null) : Exception(message, inner);
