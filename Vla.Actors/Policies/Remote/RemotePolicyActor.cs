using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using Vla.Sensors;

namespace Vla.Actors.Policies.Remote;

/// <summary>
/// Asks a policy server for what to do: <see cref="ObservationCaptured"/> and the words in force in,
/// <see cref="ActionDecoded"/> out.
/// </summary>
/// <remarks>
/// It waits on its own thread for each answer, so that one observation is under way and no other. Whatever goes wrong
/// is a stage's failure: the connection is given up, and opened anew after the wait that grows from failure to failure;
/// meanwhile the control loop holds and stops.
/// </remarks>
internal sealed class RemotePolicyActor(
    StageSetup setup,
    RemotePolicy policy,
    IActorRef observations,
    IActorRef instructions,
    IObservationSource? source
) : InstructedActor(setup, observations, instructions)
{
    private readonly WireRequest _request = policy.Request();
    private WireConnection? _connection;

    protected override bool TakesWords { get; } = policy.TakesWords;

    // Waiting for the network would hold up whoever shared the thread.
    private protected override ThreadUse ThreadUse => ThreadUse.Own;

    protected override void Load() => _connection = policy.Address.Protocol.Open(policy.Address);

    protected override ObservationCaptured Newest(ObservationCaptured input)
    {
        source?.Exchange(input.Observation);
        return input;
    }

    protected override object Process(ObservationCaptured input, long startedNs)
    {
        var seen = input.Observation;
        var request = _request.Write(seen, Instruction?.Text ?? "");
        var sentNs = Setup.Time.NowNs();
        var message = _connection!.Exchange(request, policy.Address.Timeout);
        var answeredNs = Setup.Time.NowNs();
        var answer = policy.Check(message);
        var workedNs = answer.InferMs is { } ms
            ? Math.Min((long)(ms * MonotonicTime.NsPerMs), answeredNs - sentNs)
            : answeredNs - sentNs;
        return new ActionDecoded(
            new ActionChunk(
                answer.Values,
                answer.Horizon,
                policy.Action.StepNs,
                OriginOf(seen)
                    .With(RemoteSteps.Pack, startedNs, sentNs)
                    .With(RemoteSteps.Wire, sentNs, answeredNs - workedNs)
                    .With(RemoteSteps.Server, answeredNs - workedNs, answeredNs)
                    .With(RemoteSteps.Unpack, answeredNs, Setup.Time.NowNs())
            )
        );
    }

    protected override void Release()
    {
        base.Release();
        _connection?.Dispose();
    }
}
