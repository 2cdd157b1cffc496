using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Runtime.Settings;
using Vla.Sensors.Cameras;
using Vla.Sensors.Simulation;

namespace Vla.Runtime.Simulation;

/// <summary>The simulated tabletop as a controller uses it: one live world that is cameras and robot at once.</summary>
internal sealed class SimulatedTabletop
{
    private readonly TimeProvider _time;

    /// <param name="settings">Level and seed of the first table, and how episodes go.</param>
    /// <param name="policy">Must fit this arm.</param>
    /// <param name="instructions">Whatever is given here is attempted.</param>
    /// <param name="time">The world's clock.</param>
    /// <exception cref="PolicyException">The policy's actions or state are not this arm's.</exception>
    public SimulatedTabletop(WorldSettings settings, IPolicy policy, InstructionBoard instructions, TimeProvider time)
    {
        TabletopFit.Require(policy);
        if (settings.Instructions == WorldInstructions.Assigned)
            TabletopFit.RequireWords(policy);
        _time = time;
        World = new LiveWorld(Tabletop.Create(settings.Seed, settings.Level), time);
        Episodes = new WorldEpisodes(World, settings, instructions);
    }

    public LiveWorld World { get; }

    public WorldEpisodes Episodes { get; }

    /// <summary>Opens a camera: those of the tabletop film this one.</summary>
    public ICamera OpenCamera(CameraSource source) =>
        source is WorldCameraSource camera ? camera.Open(World, _time) : source.Open(_time);

    public IRobot Robot() => new WorldRobot(World, Episodes);
}
