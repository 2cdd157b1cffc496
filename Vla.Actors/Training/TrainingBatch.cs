using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;
using static TorchSharp.torch;

namespace Vla.Actors.Training;

/// <summary>A few samples as tensors; k lessons of a picture follow each other.</summary>
/// <param name="Pictures">[batch, cameras × 3, height, width], normalised, channels-last in memory.</param>
/// <param name="Tokens">[batch × k, sequence], int64.</param>
/// <param name="States">[batch × k, state], normalised.</param>
/// <param name="Chunks">[batch × k, horizon, actions], normalised.</param>
/// <param name="Valid">[batch × k, horizon], 1 for actions that count and 0 for others.</param>
/// <param name="Truths">[batch × k, 6], see <see cref="TrainingLesson.Truth"/>; null when they are not known.</param>
internal sealed record TrainingBatch(
    Tensor Pictures,
    Tensor Tokens,
    Tensor States,
    Tensor Chunks,
    Tensor Valid,
    Tensor? Truths
) : IDisposable
{
    public void Dispose()
    {
        foreach (var tensor in (Tensor?[])[Pictures, Tokens, States, Chunks, Valid, Truths])
            tensor?.Dispose();
    }
}

/// <summary>Makes batches of a training set for a policy, with the augmentations.</summary>
/// <remarks>
/// What is in a batch follows from the seed and the batch's number alone, so that an interrupted training goes on as if
/// it had not been.
/// </remarks>
internal sealed class BatchMaker
{
    private const double Brightness = 0.15;
    private const double ChannelGain = 0.08;
    private const double Offset = 0.05;
    private const double StateNoise = 0.01;

    /// <summary>
    /// Words that are sometimes not understood, so that the policy learns what to make of words it does not know.
    /// </summary>
    private const double WordDropout = 0.02;

    private readonly TrainingSet _set;
    private readonly PolicyConfig _config;
    private readonly Device _device;
    private readonly long[][] _tokens;
    private readonly long _padId;
    private readonly long _unknownId;

    public BatchMaker(TrainingSet set, PolicyConfig config, InstructionTokenizer tokenizer, Device device)
    {
        (_set, _config, _device) = (set, config, device);
        _tokens = [.. set.Instructions.Select(tokenizer.Encode)];
        (_padId, _unknownId) = (tokenizer.PadId, tokenizer.UnknownId);
    }

    /// <summary>Samples as they are.</summary>
    public TrainingBatch Plain(ReadOnlySpan<int> samples) => Make(samples, null);

    /// <summary>Samples varied at random.</summary>
    public TrainingBatch Augmented(ReadOnlySpan<int> samples, WorldRandom random) => Make(samples, random);

    private TrainingBatch Make(ReadOnlySpan<int> samples, WorldRandom? random)
    {
        using var scope = NewDisposeScope();
        var (shape, k) = (_set.Shape, _set.Shape.Lessons);
        var rows = samples.Length * k;
        var bytes = empty([samples.Length * shape.Cameras, shape.Height, shape.Width, 3], dtype: uint8);
        var tokens = new long[rows * _config.SequenceLength];
        var states = new float[rows * shape.State];
        var chunks = new float[rows * shape.Horizon * shape.Actions];
        var valid = new float[rows * shape.Horizon];
        var truths = new float[rows * TrainingSet.TruthLength];
        for (var i = 0; i < samples.Length; i++)
        {
            _set.Picture(samples[i]).CopyTo(bytes.bytes[(i * shape.PictureBytes)..]);
            for (var j = 0; j < k; j++)
            {
                var row = i * k + j;
                PutTokens(
                    _tokens[_set.Text(samples[i], j)],
                    tokens.AsSpan(row * _config.SequenceLength, _config.SequenceLength),
                    random
                );
                PutState(_set.State(samples[i]), states.AsSpan(row * shape.State, shape.State), random);
                _set.Chunk(samples[i], j).CopyTo(chunks.AsSpan(row * shape.Horizon * shape.Actions));
                valid.AsSpan(row * shape.Horizon, _set.Valid(samples[i], j)).Fill(1);
                PutTruth(
                    _set.Truth(samples[i], j),
                    truths.AsSpan(row * TrainingSet.TruthLength, TrainingSet.TruthLength)
                );
            }
        }

        Normalise(chunks);
        var batch = new TrainingBatch(
            Pictures(bytes, random).DetachFromDisposeScope(),
            On(tensor(tokens, [rows, _config.SequenceLength])),
            On(tensor(states, [rows, shape.State])),
            On(tensor(chunks, [rows, shape.Horizon, shape.Actions])),
            On(tensor(valid, [rows, shape.Horizon])),
            _set.HasTruth ? On(tensor(truths, [rows, TrainingSet.TruthLength])) : null
        );
        return batch;
    }

    private Tensor On(Tensor values) => values.to(_device).DetachFromDisposeScope();

    // v → (gain × v / 255 + offset − mean) / std, as one factor and one summand for each picture and channel.
    private Tensor Pictures(Tensor bytes, WorldRandom? random)
    {
        var image = _config.Image;
        var count = (int)bytes.shape[0];
        var factor = new float[count * 3];
        var summand = new float[count * 3];
        for (var i = 0; i < count; i++)
        {
            var brightness = Vary(random, Brightness);
            for (var channel = 0; channel < 3; channel++)
            {
                var gain = (1 + brightness) * (1 + Vary(random, ChannelGain));
                factor[i * 3 + channel] = (float)(gain / 255 / image.Std[channel]);
                summand[i * 3 + channel] = (float)((Vary(random, Offset) - image.Mean[channel]) / image.Std[channel]);
            }
        }

        var pixels = bytes.to(_device).to(float32);
        var pictures = pixels
            .mul_(tensor(factor, [count, 1, 1, 3], device: _device))
            .add_(tensor(summand, [count, 1, 1, 3], device: _device))
            .permute(0, 3, 1, 2);
        var cameras = _set.Shape.Cameras;
        return cameras == 1 ? pictures : pictures.reshape(count / cameras, cameras * 3, image.Height, image.Width);
    }

    // A dimension that never changes has no scale; it is always at its mean.
    private void Normalise(Span<float> chunks)
    {
        var action = _config.Action;
        for (var i = 0; i < chunks.Length; i++)
        {
            var dimension = i % action.Dimensions;
            chunks[i] = action.Std[dimension] > 0 ? (chunks[i] - action.Mean[dimension]) / action.Std[dimension] : 0;
        }
    }

    // Places are shares of the front picture, which is one of those that lie below each other.
    private void PutTruth(ReadOnlySpan<float> from, Span<float> to)
    {
        from.CopyTo(to);
        var cameras = _set.Shape.Cameras;
        if (cameras == 1)
            return;
        var place = Math.Max(0, _config.Pictures!.ToList().IndexOf(PictureNames.Unnamed));
        to[1] = (to[1] + place) / cameras;
        to[3] = (to[3] + place) / cameras;
    }

    private void PutTokens(long[] from, Span<long> to, WorldRandom? random)
    {
        from.CopyTo(to);
        if (random is null)
            return;
        foreach (ref var token in to)
        {
            if (token != _padId && random.Chance(WordDropout))
                token = _unknownId;
        }
    }

    private void PutState(ReadOnlySpan<float> from, Span<float> to, WorldRandom? random)
    {
        from.CopyTo(to);
        _config.State.Normalise(to);
        if (random is null)
            return;
        foreach (ref var value in to)
            value += (float)(StateNoise * random.Gaussian());
    }

    private static double Vary(WorldRandom? random, double by) => random?.Between(-by, by) ?? 0;
}
