using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Training;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Training;

/// <summary>Whatever ends a training, it can be begun again or gone on with, and what was saved stays good.</summary>
[Collection(RandomNumbers.Name)]
public sealed class TrainingInterruptionTests : IDisposable
{
    private static readonly TrainingOptions Options = new()
    {
        Steps = 20,
        BatchSize = 4,
        WarmUpSteps = 2,
        LearningRate = 5e-3,
        Seed = 4,
    };

    private static readonly int Threads = get_num_threads();

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Output => _directory.File("policy");

    [Fact]
    public void Ended_before_its_first_save_it_is_gone_on_with_as_if_nothing_had_been()
    {
        using (var whole = Begin(_directory.File("whole")))
        {
            for (var i = 0; i < 5; i++)
                whole.Train();
            whole.Save();
        }

        using (var ended = Begin(Output))
            ended.Train();
        Assert.True(TrainingSession.CanResume(Output));
        using (var resumed = TrainingSession.Resume(Output, TinyTraining.Data(), Threads, CPU))
        {
            Assert.Equal(0, resumed.Step);
            for (var i = 0; i < 5; i++)
                resumed.Train();
            resumed.Save();
        }

        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_directory.Path, "whole", StagedPolicy.WeightsFile)),
            File.ReadAllBytes(Path.Combine(Output, StagedPolicy.WeightsFile))
        );
    }

    [Fact]
    public void Ended_before_its_first_save_it_can_be_begun_again()
    {
        Begin(Output).Dispose();
        File.WriteAllText(Path.Combine(Output, "loss.csv"), "step\n");

        using var again = Begin(Output);

        Assert.Equal(0, again.Step);
        Assert.False(File.Exists(Path.Combine(Output, "loss.csv")));
    }

    [Theory]
    [InlineData("training.partial")]
    [InlineData("training.partial", "config.json.partial")]
    [InlineData("training.partial", "config.json", "vocab.txt.partial")]
    public void Killed_while_it_begins_it_can_be_begun_again(params string[] left)
    {
        foreach (var name in left)
        {
            if (name == left[0])
                Directory.CreateDirectory(Path.Combine(Output, name));
            else
                File.WriteAllText(Path.Combine(Output, name), "");
        }

        using var again = Begin(Output);

        Assert.Equal(0, again.Step);
    }

    [Fact]
    public void What_somebody_else_put_there_is_never_cleared_away()
    {
        Begin(Output).Dispose();
        File.WriteAllText(Path.Combine(Output, "notes.txt"), "mine");

        Assert.Contains(
            "is not empty",
            Assert.Throws<PolicyException>(() => Begin(Output)).Message,
            StringComparison.Ordinal
        );
        Assert.True(File.Exists(Path.Combine(Output, "notes.txt")));
    }

    [Fact]
    public void A_training_with_weights_is_never_begun_anew_in_its_place()
    {
        using (var session = Begin(Output))
        {
            session.Train();
            session.Save();
        }

        Assert.Contains(
            "--resume",
            Assert.Throws<PolicyException>(() => Begin(Output)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_beginning_that_fails_leaves_a_directory_to_begin_in()
    {
        var template = _directory.File("misfit.json");
        File.WriteAllText(
            template,
            TinyTraining.Config.Replace("\"vision_dim\": 8", "\"vision_dim\": 9", StringComparison.Ordinal)
        );

        var error = Assert.Throws<PolicyException>(() => Begin(Output, template));
        Assert.Contains("fusion (slot_attention) does not take", error.Message, StringComparison.Ordinal);

        Begin(Output).Dispose();
    }

    [Theory]
    [InlineData("training.partial")] // killed in the middle of a save
    [InlineData("training.old")] // between the last two renames
    public void What_a_killed_save_left_beside_the_state_does_no_harm(string left)
    {
        using (var session = Begin(Output))
        {
            session.Train();
            session.Save();
        }

        Directory.CreateDirectory(Path.Combine(Output, left));
        File.WriteAllText(Path.Combine(Output, left, "model.safetensors"), "half of it");

        using var resumed = TrainingSession.Resume(Output, TinyTraining.Data(), Threads, CPU);
        Assert.Equal(1, resumed.Step);
        resumed.Save();
        Assert.False(Directory.Exists(Path.Combine(Output, left)));
    }

    [Fact]
    public void More_steps_than_it_was_begun_with_go_on()
    {
        using (var session = Begin(Output))
        {
            while (session.Step < session.Steps)
                session.Train();
            session.Save();
        }

        using var resumed = TrainingSession.Resume(Output, TinyTraining.Data(), Threads, CPU, steps: 30);
        Assert.Equal((20, 30), (resumed.Step, resumed.Steps));
        resumed.Train();
        resumed.Save();

        Assert.Equal((30, 21), (TrainingSession.Begun(Output).Options.Steps, TrainingSession.Begun(Output).Step));
    }

    [Fact]
    public void Data_that_are_as_many_but_others_are_refused_on_resume()
    {
        using (var session = Begin(Output))
        {
            session.Train();
            session.Save();
        }

        var error = Assert.Throws<PolicyException>(() =>
            TrainingSession.Resume(Output, TinyTraining.Data(withTruth: false), Threads, CPU)
        );

        Assert.Contains("these are as many, with another content", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_it_with_the_weights_of_the_step_before()
    {
        using (
            var session = TrainingSession.Begin(
                Output,
                TinyTraining.WriteTemplate(_directory.Path),
                TinyTraining.WithOutlier(float.MaxValue),
                TinyTraining.Columns,
                Options with
                {
                    BatchSize = 64,
                    ValidationShare = 0,
                },
                Threads,
                CPU
            )
        )
        {
            var error = Assert.Throws<TrainingException>(() =>
            {
                while (session.Step < session.Steps)
                    session.Train();
            });
            Assert.Contains($"is not finite at step {session.Step + 1}", error.Message, StringComparison.Ordinal);
            Assert.Contains("--learning-rate", error.Message, StringComparison.Ordinal);
            Assert.True(session.TrySave());
        }

        StagedPolicy.Load(Output);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Of_very_few_episodes_there_is_always_something_to_learn_from(int episodes)
    {
        var data = TinyTraining.Data(episodes: episodes);
        using var session = TrainingSession.Begin(
            Output,
            TinyTraining.WriteTemplate(_directory.Path),
            data,
            TinyTraining.Columns,
            Options with
            {
                ValidationShare = 0.5,
                BatchSize = 64,
            },
            Threads,
            CPU
        );

        Assert.True(session.TrainingSamples > 0);
        Assert.True(double.IsFinite(session.Train().Total));
    }

    [Fact]
    public void What_the_template_leaves_open_comes_from_the_data()
    {
        var template = _directory.File("open.json");
        File.WriteAllText(
            template,
            """
            {
              "name": "open",
              "stages": {
                "vision_encoder": { "type": "spatial", "dim": 8 },
                "language_encoder": { "type": "bert", "max_positions": 6, "dim": 8, "layers": 1, "heads": 2,
                  "feed_forward_dim": 8 },
                "fusion": { "type": "slot_attention", "vision_dim": 8, "language_dim": 8, "rows": 2, "columns": 2,
                  "dim": 8, "heads": 2, "slots": 2, "feed_forward_dim": 8 },
                "action_decoder": { "type": "act", "input_dim": 8, "horizon": 2, "dim": 8, "heads": 2, "layers": 1,
                  "feed_forward_dim": 8 }
              },
              "image": { "height": 16, "width": 16, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25] },
              "text": { "sequence_length": 6, "padding": "right" },
              "state": {}
            }
            """
        );

        var wanted = TrainingTemplate.Read(template, TinyTraining.Columns);
        Assert.Equal(["jaw"], wanted.StateNames);
        Assert.Equal(["x", "gripper"], wanted.ActionNames);
        Assert.Equal(2, wanted.Horizon);
        using (var session = Begin(Output, template))
        {
            session.Train();
            session.Save();
        }

        var policy = StagedPolicy.Load(Output);
        Assert.Equal(["m", "1"], policy.Action.Units);
        Assert.Equal(["m"], policy.State.Units);
        Assert.Equal((2, 100), (policy.Action.Horizon, policy.Action.StepMs));
        Assert.Equal(0.02f, policy.Action.Std[0], 4);
        Assert.Equal(5, policy.VocabularySize);
    }

    [Fact]
    public void A_vocabulary_that_the_encoder_has_no_room_for_is_said_before_anything_is_trained()
    {
        var template = _directory.File("small.json");
        File.WriteAllText(
            template,
            TinyTraining.Config.Replace("\"vocab_size\": 12", "\"vocab_size\": 3", StringComparison.Ordinal)
        );

        var error = Assert.Throws<PolicyException>(() => Begin(Output, template));

        Assert.Contains("vocab_size is 3, the data have 5 words", error.Message, StringComparison.Ordinal);
    }

    private TrainingSession Begin(string output, string? template = null, TrainingSet? set = null) =>
        TrainingSession.Begin(
            output,
            template ?? TinyTraining.WriteTemplate(_directory.Path),
            set ?? TinyTraining.Data(),
            TinyTraining.Columns,
            Options,
            Threads,
            CPU
        );
}
