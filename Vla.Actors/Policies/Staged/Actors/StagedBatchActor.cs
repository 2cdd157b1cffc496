using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged.Fusion;
using Vla.Actors.Policies.Staged.Kernels;
using Vla.Actors.Policies.Staged.Vision;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using Vla.Sensors;
using Vla.Sensors.Observations;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Actors;

/// <summary>
/// All four stages for several at a time: <see cref="ObservationCaptured"/> of each in, <see cref="ActionDecoded"/> to
/// each out; observations that wait at the same time are computed together.
/// </summary>
/// <remarks>
/// The words are the observation's own, and their features are kept for as long as they are among the
/// <see cref="MostWords"/> that were said last. Fusion and decoder take all rows at once, and so does the vision
/// encoder, unless it is one that is made for a single picture.
/// </remarks>
internal sealed class StagedBatchActor(
    StageSetup setup,
    StagedPolicy policy,
    PolicyModules modules,
    Device device,
    int largest
) : StageActor<ObservationCaptured>(setup, ActorRefs.Nobody)
{
    /// <summary>Instructions whose features are kept; more than there are clients.</summary>
    private const int MostWords = 128;

    private readonly PicturePlaces _places = new(policy.Pictures);
    private readonly StateInput? _state = policy.State.Dimensions > 0 ? new StateInput(policy.State, device) : null;
    private readonly Dictionary<string, Tensor> _words = new(StringComparer.Ordinal);
    private readonly List<string> _wordsByUse = [];
    private Module<Tensor, Tensor>? _vision;
    private Module<Tensor, Tensor>? _language;
    private Module<Tensor, Tensor, Tensor>? _fusion;
    private Module<Tensor, Tensor>? _decoder;

    public static Props Props(
        StageSetup setup,
        StagedPolicy policy,
        PolicyModules modules,
        Device device,
        int largest
    ) => Akka.Actor.Props.Create(() => new StagedBatchActor(setup, policy, modules, device, largest));

    private protected override ThreadUse ThreadUse => ThreadUse.Own;

    /// <inheritdoc/>
    protected override int LargestBatch => largest;

    /// <summary>Whoever asks brings its own observations.</summary>
    protected override IActorRef UpstreamOf(IActorRef asker) => asker;

    /// <inheritdoc/>
    protected override void Load() =>
        (_vision, _language, _fusion, _decoder) = (
            modules.Vision(),
            modules.Language(),
            modules.Fusion(),
            modules.Decoder()
        );

    /// <inheritdoc/>
    protected override object Process(ObservationCaptured input, long startedNs) => ProcessBatch([input], startedNs)[0];

    /// <inheritdoc/>
    protected override IReadOnlyList<object> ProcessBatch(IReadOnlyList<ObservationCaptured> inputs, long startedNs)
    {
        Observation[] seen = [.. inputs.Select(input => input.Observation)];
        var features = See(seen);
        var seenNs = Setup.Time.NowNs();
        var words = Rows([.. seen.Select(one => Words(one.Instruction ?? ""))]);
        var state = _state is null ? null : Rows([.. seen.Select(one => _state.Of(one.State))]);
        var fused = _fusion!.Fuse(features, words, state);
        var fusedNs = Setup.Time.NowNs();
        var values = ChunkValues.Of(_decoder!.call(fused));
        var decodedNs = Setup.Time.NowNs();
        var each = values.Length / seen.Length;
        return [.. seen.Select((one, i) => Decoded(one, values.AsSpan(i * each, each).ToArray()))];

        ActionDecoded Decoded(Observation one, float[] actions)
        {
            policy.Action.Unnormalise(actions);
            return new ActionDecoded(
                new ActionChunk(
                    actions,
                    policy.Action.Horizon,
                    policy.Action.StepNs,
                    Origin
                        .Of(one, _places.Of(one)[0])
                        .With(StagedSteps.Encode, startedNs, seenNs)
                        .With(StagedSteps.Fuse, seenNs, fusedNs)
                        .With(StagedSteps.Decode, fusedNs, decodedNs)
                )
            );
        }
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        base.Release();
        _vision?.Dispose();
        _language?.Dispose();
        _fusion?.Dispose();
        _decoder?.Dispose();
        foreach (var features in _words.Values)
            features.Dispose();
        _words.Clear();
        _wordsByUse.Clear();
    }

    /// <returns>[observations, …].</returns>
    private Tensor See(Observation[] seen)
    {
        var isOneByOne = _vision is FusedVisionEncoder or SeveralPictures { Encoder: FusedVisionEncoder };
        return isOneByOne
            ? Rows([.. seen.Select(one => _vision!.call(Pictures(one)))])
            : _vision!.call(Rows([.. seen.Select(Pictures)]).to(device));
    }

    /// <summary>[1, pictures × 3, height, width]; the frames' own memory where it is one picture.</summary>
    private Tensor Pictures(Observation seen)
    {
        var places = _places.Of(seen);
        return places.Count == 1
            ? FrameTensors.Once(seen[places[0]])
            : cat([.. places.Select(place => FrameTensors.Once(seen[place]))], 1);
    }

    private Tensor Words(string text)
    {
        if (_words.TryGetValue(text, out var known))
        {
            _wordsByUse.Remove(text);
        }
        else
        {
            if (_wordsByUse.Count >= Math.Max(MostWords, 2 * largest))
            {
                _words.Remove(_wordsByUse[0], out var oldest);
                oldest?.Dispose();
                _wordsByUse.RemoveAt(0);
            }

            known = _language!.call(policy.Tokenize(text).to(device)).DetachFromDisposeScope();
            _words.Add(text, known);
        }

        _wordsByUse.Add(text);
        return known;
    }

    private static Tensor Rows(Tensor[] rows) => rows is [var only] ? only : cat(rows, 0);
}
