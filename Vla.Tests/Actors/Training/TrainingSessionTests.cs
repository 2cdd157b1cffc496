using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Training;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Training;

[Collection(RandomNumbers.Name)]
public sealed class TrainingSessionTests : IDisposable
{
    private static readonly TrainingOptions Options = new()
    {
        Steps = 60,
        BatchSize = 8,
        WarmUpSteps = 5,
        LearningRate = 5e-3,
        ValidationShare = 0.2,
        AverageDecay = 0.9,
        Seed = 4,
    };

    // As many as the test's thread has: the number stays with the thread, which other tests use afterwards.
    private static readonly int Threads = get_num_threads();

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_is_trained_is_a_policy_that_does_what_was_shown()
    {
        using (var session = Begin("policy"))
        {
            var first = session.Train();
            var before = session.Validate();
            while (session.Step < session.Steps)
                session.Train();
            var after = session.Validate();
            Assert.True(after.Action < before.Action / 2, $"{before.Action} became {after.Action}");
            Assert.True(after.Grounding < before.Grounding, $"{before.Grounding} became {after.Grounding}");
            Assert.True(double.IsFinite(first.Turn));
            session.Save();
        }

        var policy = StagedPolicy.Load(Path.Combine(_directory.Path, "policy"));
        Assert.Equal(-1, Gripper(policy, red: true));
        Assert.Equal(1, Gripper(policy, red: false));
        Assert.Equal(
            ["[PAD]", "[UNK]", "go", "left", "right"],
            File.ReadAllLines(Path.Combine(policy.Directory, StagedPolicy.VocabularyFile))
        );
        // The data's own scale and step, in place of the template's.
        Assert.Equal(0.02f, policy.Action.Std[0], 4);
        Assert.Equal(100, policy.Action.StepMs);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(9)]
    public void Of_a_few_episodes_too_one_is_kept_apart_for_validation(int episodes)
    {
        using var session = TrainingSession.Begin(
            _directory.File("policy"),
            TinyTraining.WriteTemplate(_directory.Path),
            TinyTraining.Data(episodes: episodes),
            TinyTraining.Columns,
            Options with
            {
                ValidationShare = 0.001,
            },
            Threads,
            CPU
        );

        Assert.Equal((1, episodes - 1), (session.ValidationSamples, session.TrainingSamples));
    }

    [Fact]
    public void The_policy_knows_the_size_of_the_pictures_that_it_was_trained_on()
    {
        using (Begin("known", columns: TinyTraining.Columns with { Picture = (640, 480) })) { }

        // Its template was trained on others.
        using (
            TrainingSession.Begin(
                _directory.File("unknown"),
                _directory.File("known/config.json"),
                TinyTraining.Data(),
                TinyTraining.Columns,
                Options,
                Threads,
                CPU
            )
        ) { }

        Assert.Equal((640, 480), PolicyConfig.Read(_directory.File("known/config.json")).Image.Source);
        Assert.Null(PolicyConfig.Read(_directory.File("unknown/config.json")).Image.Source);
    }

    [Fact]
    public void What_was_saved_before_the_first_step_is_untrained_and_after_it_is_not()
    {
        using var session = Begin("policy");
        session.Save();
        Assert.Equal("config.json says so", StagedPolicy.Load(Path.Combine(_directory.Path, "policy")).Untrained);

        session.Train();
        session.Save();

        Assert.Null(StagedPolicy.Load(Path.Combine(_directory.Path, "policy")).Untrained);
    }

    [Fact]
    public void An_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one()
    {
        using (var whole = Begin("whole"))
        {
            for (var i = 0; i < 12; i++)
                whole.Train();
            whole.Save();
        }

        using (var first = Begin("parts"))
        {
            for (var i = 0; i < 7; i++)
                first.Train();
            first.Save();
            first.Train(); // Done after the save: lost, and done again.
        }

        using (
            var second = TrainingSession.Resume(
                Path.Combine(_directory.Path, "parts"),
                TinyTraining.Data(),
                Threads,
                CPU
            )
        )
        {
            Assert.Equal(7, second.Step);
            while (second.Step < 12)
                second.Train();
            second.Save();
        }

        foreach (
            var file in (string[])["model.safetensors", "training/model.safetensors", "training/optimizer.safetensors"]
        )
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(_directory.Path, "whole", file)),
                File.ReadAllBytes(Path.Combine(_directory.Path, "parts", file))
            );
        }
    }

    [Fact]
    public void A_save_that_was_cut_off_between_two_renames_can_be_resumed()
    {
        using (var session = Begin("cut"))
        {
            session.Train();
            session.Save();
        }

        var state = Path.Combine(_directory.Path, "cut", "training");
        Directory.Move(state, $"{state}.old");

        Assert.True(TrainingSession.CanResume(Path.Combine(_directory.Path, "cut")));
        using var resumed = TrainingSession.Resume(
            Path.Combine(_directory.Path, "cut"),
            TinyTraining.Data(),
            Threads,
            CPU
        );
        Assert.Equal(1, resumed.Step);
        resumed.Save();
        Assert.False(Directory.Exists($"{state}.old"));
    }

    [Fact]
    public void Data_without_what_only_a_simulator_knows_train_by_the_same_means()
    {
        using var session = Begin("real", TinyTraining.Data(withTruth: false));

        var first = session.Train();
        for (var i = 0; i < 30; i++)
            session.Train();

        Assert.True(double.IsNaN(first.Grounding) && double.IsNaN(first.Turn));
        Assert.True(session.Train().Action < first.Action);
    }

    [Fact]
    public void A_directory_that_is_not_empty_is_refused()
    {
        using (var session = Begin("taken"))
            session.Save();

        var error = Assert.Throws<PolicyException>(() => Begin("taken"));
        Assert.Contains("--resume", error.Message);
    }

    [Fact]
    public void Other_data_are_refused_on_resume()
    {
        using (var session = Begin("other"))
        {
            session.Train();
            session.Save();
        }

        var error = Assert.Throws<PolicyException>(() =>
            TrainingSession.Resume(
                Path.Combine(_directory.Path, "other"),
                TinyTraining.Data(episodes: 10),
                Threads,
                CPU
            )
        );
        Assert.Contains("40 pictures", error.Message);
        Assert.Contains("10 pictures", error.Message);
    }

    [Fact]
    public void A_template_that_does_not_fit_the_data_is_named()
    {
        var set = new TrainingSet(new TrainingShape(32, 16, 1, 2, 2, 1));
        set.AddPicture(0, new byte[32 * 16 * 3], [0]);
        set.AddLesson(
            new TrainingLesson
            {
                Instruction = "go",
                Chunk = [0, 0, 0, 0],
                Valid = 2,
            }
        );

        var error = Assert.Throws<PolicyException>(() => Begin("misfit", set));

        Assert.Contains("image.height is 16, the data's is 32", error.Message);
    }

    private TrainingSession Begin(string name, TrainingSet? set = null, DataColumns? columns = null) =>
        TrainingSession.Begin(
            Path.Combine(_directory.Path, name),
            TinyTraining.WriteTemplate(_directory.Path),
            set ?? TinyTraining.Data(),
            columns ?? TinyTraining.Columns,
            Options,
            Threads,
            CPU
        );

    private static int Gripper(StagedPolicy policy, bool red)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        using var model = policy.CreateModel(CPU);
        var picture = full([1, 3, TinyTraining.Size, TinyTraining.Size], -1.5f);
        picture[0, red ? 0 : 2] = full([TinyTraining.Size, TinyTraining.Size], 1.5f);
        var state = zeros(1, 1);
        var action = model.Features(picture, policy.Tokenize("go left"), state).Action;
        return Math.Sign(action[0, 0, 1].item<float>());
    }
}
