using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Images;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Runtime.Simulation;

/// <summary>The scripted expert in a policy's place: <c>--policy expert</c>, for the simulated tabletop only.</summary>
/// <remarks>
/// It does not look and does not listen: it knows the state of the world and the task. It goes through all the same actors,
/// so it shows what the controller makes of the best there is to be had.
/// </remarks>
public static class ExpertPolicy
{
    public const string Name = "expert";

    private const int Horizon = 10;

    /// <summary>Pictures are prepared for nobody: the fewer pixels the better.</summary>
    private const int PictureSize = 16;

    private const double StepMs = WorldAction.StepSeconds * 1_000;

    /// <param name="tabletop">Where it acts; asked when the first action is wanted.</param>
    public static Policy Create(Func<SimulatedTabletop> tabletop) => Policy.InCode(
        Name,
        "A script that knows the state of the simulated world.",
        new ImageSpec(PictureSize, PictureSize, [0, 0, 0], [1, 1, 1]),
        new ActionSpec(
            WorldAction.Names, WorldAction.Units, new float[WorldAction.Dimensions], [.. Enumerable.Repeat(1f, WorldAction.Dimensions)],
            Horizon, StepMs),
        new PolicyModules(() => new Nothing(), () => new Nothing(), () => new NothingOfBoth(), () => new Plan(tabletop)));

    private sealed class Nothing() : Module<Tensor, Tensor>("nothing")
    {
        public override Tensor forward(Tensor input) => zeros(1, 1);
    }

    private sealed class NothingOfBoth() : Module<Tensor, Tensor, Tensor>("nothing_of_both")
    {
        public override Tensor forward(Tensor one, Tensor other) => zeros(1, 1);
    }

    /// <summary>Anything → what to do next, [1, horizon, 7] in physical units; to stay while there is no task.</summary>
    private sealed class Plan(Func<SimulatedTabletop> tabletop) : Module<Tensor, Tensor>("plan")
    {
        private readonly WorldAction[] _chunk = new WorldAction[Horizon];
        private readonly float[] _values = new float[Horizon * WorldAction.Dimensions];
        private Tabletop? _seen;
        private Tabletop? _scratch;

        public override Tensor forward(Tensor input)
        {
            var world = tabletop();
            var task = world.Episodes.TaskUnderWay;
            _seen = world.World.Observe(_seen);
            if (_scratch?.Look != _seen.Look) _scratch = _seen.Clone();
            // A table that is laid anew between the two lines above may lack what the task was about.
            if (task is { } known && known.Block < _seen.Blocks.Length && known.Tray < _seen.Trays.Count)
                Expert.Plan(_seen, known, _scratch, _chunk);
            else
                Array.Fill(_chunk, WorldAction.Rest((float)(_seen.Gripper.Jaw / Gripper.JawOpen)));
            for (var i = 0; i < Horizon; i++) _chunk[i].CopyTo(_values.AsSpan(i * WorldAction.Dimensions));
            return tensor(_values, [1, Horizon, WorldAction.Dimensions]);
        }
    }
}
