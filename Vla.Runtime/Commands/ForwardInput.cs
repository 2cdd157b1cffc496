using System.Runtime.InteropServices;
using OpenCvSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary>What <c>vla forward</c> sends through a model.</summary>
/// <param name="Image">[batch, 3, height, width], of several pictures [batch, cameras × 3, height, width], float32,
/// normalised, on the CPU.</param>
/// <param name="Text">[batch, sequence], int64, on the CPU.</param>
internal sealed record ForwardInput(Tensor Image, Tensor Text) : IDisposable
{
    private const string ImageName = "image";
    private const string TextName = "text";

    /// <summary>
    /// A picture file and an instruction, prepared as the camera's pictures and given instructions are.
    /// </summary>
    /// <exception cref="UsageException">The file is not a picture, or the instruction would be refused.</exception>
    public static ForwardInput FromImage(StagedPolicy policy, string file, string instruction)
    {
        if (policy.Pictures is { Count: > 1 } pictures)
        {
            throw new UsageException(
                $"the policy wants {pictures.Count} pictures, {string.Join(", ", pictures)}: give them in a file, "
                    + $"--input FILE.safetensors with image [batch, {policy.Channels}, height, width] and text"
            );
        }

        if (!InstructionText.TryRead(instruction, out var checkedInstruction, out var problem))
            throw new UsageException(problem);
        var words = policy.ReadWords(checkedInstruction);
        if ((words?.TooLong ?? words?.NoneKnown) is { } unreadable)
            throw new UsageException(unreadable);
        using var picture = Picture(file);
        var spec = policy.Image;
        var pixels = new float[spec.Height * spec.Width * 3];
        using (var preparation = new ImagePreparation(spec))
            preparation.Prepare(picture, pixels);
        using var scope = NewDisposeScope();
        var image = tensor(pixels, [1, spec.Height, spec.Width, 3]).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
        return new ForwardInput(image, policy.Tokenize(checkedInstruction).MoveToOuterDisposeScope());
    }

    /// <summary>A safetensors file with <c>image</c> and <c>text</c>.</summary>
    /// <exception cref="PolicyException">The file is damaged, or the tensors are not of the right names, types and
    /// shapes.</exception>
    public static ForwardInput FromFile(StagedPolicy policy, string file)
    {
        using var checkpoint = Checkpoint.Open(file);
        var imageShape = $"[batch, {policy.Channels}, height, width]";
        var image = Find(ImageName, rank: 4, imageShape);
        var text = Find(TextName, rank: 2, "[batch, sequence]");
        if (!image.Type.IsFloatingPoint() || image.Shape[1] != policy.Channels || image.ElementCount == 0)
            throw new PolicyException(
                $"{file}: image is {image.ShapeText} {image.Type}, expected {imageShape} of F32, F16, BF16 or F64"
            );
        if (
            text.Type is not (CheckpointType.I64 or CheckpointType.I32)
            || text.ElementCount == 0
            || text.Shape[0] != image.Shape[0]
        )
            throw new PolicyException(
                $"{file}: text is {text.ShapeText} {text.Type}, expected [{image.Shape[0]}, sequence] of I64 or I32"
            );

        using var scope = NewDisposeScope();
        var ids = checkpoint.ReadTensor(TextName).to_type(ScalarType.Int64);
        var (lowest, highest) = (ids.min().item<long>(), ids.max().item<long>());
        if (lowest < 0 || highest >= policy.VocabularySize)
            throw new PolicyException(
                $"{file}: text holds token ids from {lowest} to {highest}, allowed is 0 to {policy.VocabularySize - 1}"
            );
        var pixels = checkpoint.ReadTensor(ImageName).to_type(ScalarType.Float32);
        if (!pixels.isfinite().all().item<bool>())
            throw new PolicyException($"{file}: image holds numbers that are not finite (NaN or infinity)");
        return new ForwardInput(pixels.MoveToOuterDisposeScope(), ids.MoveToOuterDisposeScope());

        CheckpointTensor Find(string name, int rank, string shape) =>
            checkpoint.Tensors.TryGetValue(name, out var tensor) && tensor.Shape.Count == rank
                ? tensor
                : throw new PolicyException(
                    tensor is null
                        ? $"{file}: has no tensor '{name}' {shape}"
                        : $"{file}: {name} is {tensor.ShapeText}, expected {shape}"
                );
    }

    /// <summary>Sends this through a model.</summary>
    /// <returns>The four stages' results by the names that <c>--output</c> gives them, on the CPU; the
    /// caller's.</returns>
    /// <exception cref="PolicyException">The model does not take these shapes.</exception>
    public IReadOnlyDictionary<string, Tensor> Run(SimpleVLA model, Device device)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        try
        {
            var (vision, language, fused, action) = model.Features(Image.to(device), Text.to(device));
            return new Dictionary<string, Tensor>
            {
                ["vision_features"] = vision.cpu().MoveToOuterDisposeScope(),
                ["language_features"] = language.cpu().MoveToOuterDisposeScope(),
                ["fused_features"] = fused.cpu().MoveToOuterDisposeScope(),
                ["action"] = action.cpu().MoveToOuterDisposeScope(),
            };
        }
        catch (ExternalException e)
        {
            var reason = e.Message.Split('\n')[0];
            throw new PolicyException(
                $"the model does not take image {Shape(Image)} with text {Shape(Text)}: {reason}",
                e
            );
        }
    }

    public void Dispose()
    {
        Image.Dispose();
        Text.Dispose();
    }

    private static Mat Picture(string file)
    {
        if (Directory.Exists(file))
            throw new UsageException($"{file}: is a directory; name a picture in it");
        if (!File.Exists(file))
            throw new UsageException($"{file}: does not exist");
        try
        {
            return PictureDecoder.DecodeFile(file);
        }
        catch (Exception e) when (e is PictureException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: {e.Message}", e);
        }
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}
