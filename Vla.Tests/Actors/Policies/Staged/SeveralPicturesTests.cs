using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Policies.Staged.Vision;
using Vla.Actors.Training;
using Vla.Tests.Actors.Training;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Policies.Staged;

/// <summary>Policies that see several pictures at once.</summary>
[Collection(RandomNumbers.Name)]
public sealed class SeveralPicturesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Vectors_stand_side_by_side_camera_by_camera()
    {
        using var scope = NewDisposeScope();
        using var single = new VisionEncoder(featureDim: 5);
        var (front, wrist) = (rand(1, 3, 16, 16), rand(1, 3, 16, 16));
        var (one, other) = (single.call(front), single.call(wrist));
        using var several = new SeveralPictures(single, count: 2, 16, 16);

        var features = several.call(cat([front, wrist], 1));

        Assert.Equal([1, 10], features.shape);
        Assert.True(features.allclose(cat([one, other], 1)));
        Assert.DoesNotContain("cameras", several.state_dict().Keys);
    }

    [Fact]
    public void Tokens_follow_each_other_each_with_its_cameras_embedding()
    {
        using var scope = NewDisposeScope();
        using var single = new SpatialEncoder(8);
        single.eval();
        var (front, wrist) = (rand(2, 3, 16, 16), rand(2, 3, 16, 16));
        var (one, other) = (single.call(front), single.call(wrist));
        using var several = new SeveralPictures(single, count: 2, 16, 16);
        several.eval();
        var embedding = several.state_dict()["cameras"];

        var features = several.call(cat([front, wrist], 1));

        Assert.Equal([2, 8], embedding.shape);
        Assert.Equal([2, 2 * one.shape[1], 8], features.shape);
        Assert.True(
            features.allclose(cat([one + embedding.select(0, 0), other + embedding.select(0, 1)], 1), atol: 1e-5)
        );
    }

    [Fact]
    public void A_policy_is_trained_on_two_cameras_and_state_and_sees_with_both()
    {
        using (
            var session = TrainingSession.Begin(
                _directory.File("policy"),
                TinyTraining.WriteTemplate(_directory.Path),
                TinyTraining.Data(cameras: 2),
                TinyTraining.Columns with
                {
                    WantedCameras = ["front", "wrist"],
                },
                new TrainingOptions
                {
                    Steps = 200,
                    BatchSize = 8,
                    WarmUpSteps = 5,
                    LearningRate = 5e-3,
                    ValidationShare = 0.2,
                    AverageDecay = 0.9,
                    Seed = 4,
                },
                get_num_threads(),
                CPU
            )
        )
        {
            while (session.Step < session.Steps)
                session.Train();
            session.Save();
        }

        var policy = StagedPolicy.Load(_directory.File("policy"));
        Assert.Equal(["front", "wrist"], policy.Pictures!);
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        using var model = policy.CreateModel(CPU);
        var grey = zeros(1, 3, 16, 16);
        Assert.True(Gripper(cat([grey, Colour(red: true)], 1)) < 0);
        Assert.True(Gripper(cat([grey, Colour(red: false)], 1)) > 0);

        float Gripper(Tensor pictures) =>
            model.Features(pictures, policy.Tokenize("go left"), zeros(1, 1)).Action.reshape(-1)[1].item<float>();
    }

    [Theory]
    [InlineData("[]", "a list of 1 to 8 texts")]
    [InlineData("[\"front\", \"Front\"]", "each name once")]
    [InlineData("[\"front\", \"wr ist\"]", "letters")]
    [InlineData("[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", "a list of 1 to 8 texts")]
    [InlineData("\"front\"", "a list of 1 to 8 texts")]
    public void Names_that_are_none_are_refused_with_file_and_rule(string images, string expected)
    {
        var file = _directory.File("config.json");
        File.WriteAllText(
            file,
            TinyTraining.Config.Replace(
                "\"name\": \"tiny\",",
                $"\"name\": \"tiny\", \"images\": {images},",
                StringComparison.Ordinal
            )
        );

        var message = Assert.Throws<PolicyException>(() => PolicyConfig.Read(file)).Message;

        Assert.Contains($"{file}: images", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_encoder_that_does_not_take_the_picture_is_refused_by_name()
    {
        var file = _directory.File("config.json");
        File.WriteAllText(
            file,
            TinyTraining
                .Config.Replace(
                    "\"name\": \"tiny\",",
                    "\"name\": \"tiny\", \"images\": [\"front\", \"wrist\"],",
                    StringComparison.Ordinal
                )
                .Replace(
                    "{ \"type\": \"spatial\", \"dim\": 8 }",
                    "{ \"type\": \"vit\", \"image_size\": 32, \"patch_size\": 8, \"dim\": 8, \"layers\": 1, "
                        + "\"heads\": 2 }",
                    StringComparison.Ordinal
                )
        );

        var message = Assert.Throws<PolicyException>(() => PolicyConfig.Read(file).Vision.Create(CPU)).Message;

        Assert.Contains("stages.vision_encoder does not take pictures of 16 × 16", message, StringComparison.Ordinal);
    }

    private static Tensor Colour(bool red)
    {
        // 220 and 20 of 255, normalised as the policy's pictures are.
        float[] channels = red ? [1.45f, -1.69f, -1.69f] : [-1.69f, -1.69f, 1.45f];
        return tensor(channels, [1, 3, 1, 1]).expand(1, 3, 16, 16);
    }
}
