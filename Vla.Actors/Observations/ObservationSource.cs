using Akka.Actor;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Sensors.Observations;

namespace Vla.Actors.Observations;

/// <summary>Puts observations together from cameras, the robot's state and the words in force.</summary>
public sealed class ObservationSource : IObservationSource
{
    private readonly ObservationAssembly<IActorRef> _assembly;
    private readonly InstructionBoard? _instructions;
    private readonly IRobotState? _state;
    private readonly IReadOnlyList<string> _stateNames;
    private IActorRef? _sender;

    /// <param name="cameras">Their names, in the order of the pictures.</param>
    /// <param name="maximumSkewNs">By how much a picture may be older than the newest of its set.</param>
    /// <param name="instructions">The words in force; null for none.</param>
    /// <param name="state">The robot's state; null when it tells none.</param>
    /// <param name="stateNames">What <paramref name="state"/> tells.</param>
    public ObservationSource(
        IReadOnlyList<string> cameras,
        long maximumSkewNs,
        InstructionBoard? instructions = null,
        IRobotState? state = null,
        IReadOnlyList<string>? stateNames = null
    )
    {
        (_instructions, _state, _stateNames) = (instructions, state, stateNames ?? []);
        _assembly = new ObservationAssembly<IActorRef>(cameras, maximumSkewNs, Give, Complete);
    }

    /// <summary>Where each camera puts its frames in, in the order of the names.</summary>
    public IReadOnlyList<ICameraPlace> Places => _assembly.Places;

    /// <inheritdoc/>
    public long MaximumSkewNs => _assembly.MaximumSkewNs;

    /// <inheritdoc cref="ObservationAssembly{TAsker}.Behind"/>
    public SkewedSet? Behind => _assembly.Behind;

    /// <inheritdoc/>
    public void Want(IActorRef asker) => _assembly.Want(asker);

    /// <inheritdoc/>
    public void Exchange(Observation held) => _assembly.Exchange(held);

    /// <summary>Who the observations are from.</summary>
    internal void SendAs(IActorRef sender) => Volatile.Write(ref _sender, sender);

    private void Give(IActorRef asker, Observation observation) =>
        asker.Tell(new ObservationCaptured(observation), Volatile.Read(ref _sender));

    private void Complete(Observation observation)
    {
        if (_instructions?.Current is { } instruction)
            (observation.Instruction, observation.InstructionNumber) = (instruction.Text, instruction.Number);
        observation.State = null;
        if (_state is null || _stateNames.Count == 0)
            return;
        var atNs = observation.CapturedNs;
        var values = new float[_stateNames.Count];
        if (_state.TryRead(atNs, values, out var readNs))
            observation.State = new RobotReading(_stateNames, values, readNs);
    }
}
