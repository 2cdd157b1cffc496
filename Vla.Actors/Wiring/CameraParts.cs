using Vla.Sensors.Cameras;

namespace Vla.Actors.Wiring;

/// <summary>What one camera is made of.</summary>
/// <param name="Name">What its pictures are called.</param>
/// <param name="Open">Opens it; called again after every loss.</param>
public sealed record CameraParts(string Name, Func<ICamera> Open);
