namespace Vla.Actors.Torch;

/// <summary>There is no such device to compute on. The message names it and those there are.</summary>
public sealed class DeviceException(string message) : Exception(message);
