namespace Vla.Sensors.Images;

/// <summary>
/// Bytes are no picture that is read. The message tells why and goes behind the picture's name: <c>ends too early</c>.
/// </summary>
public sealed class PictureException(string message) : Exception(message);
