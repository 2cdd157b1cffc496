using Vla.Actors.Policies.LeRobot;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Actors.Training.Act;

/// <summary>A few samples as an ACT model takes them.</summary>
/// <param name="Pictures">One for each camera, [batch, 3, height, width], normalised, channels-last in memory.</param>
/// <param name="State">[batch, count], normalised; null for a policy that takes none.</param>
/// <param name="Actions">[batch, chunk, dimensions], normalised.</param>
/// <param name="Counts">[batch, chunk], 1 for actions that count and 0 for those after the end.</param>
internal sealed record ActBatch(IReadOnlyList<Tensor> Pictures, Tensor? State, Tensor Actions, Tensor Counts);

/// <summary>Makes batches of a training set with a policy's own scales.</summary>
internal sealed class ActBatches(
    TrainingSet set,
    IReadOnlyList<ImageSpec> images,
    LeRobotProcessors processors,
    LeRobotFeature? state,
    Device device
)
{
    private const float LargestByte = 255;

    /// <summary>The samples' tensors belong to the caller's dispose scope.</summary>
    public ActBatch Of(ReadOnlySpan<int> samples)
    {
        var shape = set.Shape;
        var count = samples.Length;
        var bytes = images.Select(image => empty([count, image.Height, image.Width, 3], dtype: uint8)).ToList();
        var states = new float[samples.Length * shape.State];
        var chunks = new float[samples.Length * shape.Horizon * shape.Actions];
        var counts = new float[samples.Length * shape.Horizon];
        for (var i = 0; i < samples.Length; i++)
        {
            var picture = set.Picture(samples[i]);
            for (var camera = 0; camera < images.Count; camera++)
            {
                var size = images[camera].Height * images[camera].Width * 3;
                picture[..size].CopyTo(bytes[camera].bytes[(i * size)..]);
                picture = picture[size..];
            }

            set.State(samples[i]).CopyTo(states.AsSpan(i * shape.State));
            set.Chunk(samples[i], 0).CopyTo(chunks.AsSpan(i * shape.Horizon * shape.Actions));
            counts.AsSpan(i * shape.Horizon, set.Valid(samples[i], 0)).Fill(1);
        }

        var actions = tensor(chunks, [count, shape.Horizon, shape.Actions], device: device);
        return new ActBatch(
            [.. images.Select((image, camera) => Normalised(bytes[camera], image))],
            state is null
                ? null
                : processors.Normalise(state.Key, tensor(states, [count, shape.State], device: device)),
            processors.NormaliseAction(actions),
            tensor(counts, [count, shape.Horizon], device: device)
        );
    }

    private Tensor Normalised(Tensor bytes, ImageSpec image)
    {
        using var scope = NewDisposeScope();
        var factor = tensor([.. image.Std.Select(std => 1 / (LargestByte * std))], device: device);
        var summand = tensor([.. image.Mean.Zip(image.Std, (mean, std) => -mean / std)], device: device);
        var pixels = bytes.to(device).to(float32).mul_(factor).add_(summand);
        return pixels.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }
}
