namespace Vla.Sensors.Videos;

/// <summary>A video cannot be read or written: the message names it and the mend, in one line.</summary>
internal sealed class VideoException(string message, Exception? inner = null) : Exception(message, inner);
