"""What holds for every network, with every head and loss."""

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from datamodules.base import Borders, PanelData
from datamodules.errors import InputError
from datamodules.inputs import Inputs
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.scaling import SCALINGS, Affine
from datamodules.window import Context, Dims, Window
from forecast.forecaster import find
from forecast.heads import LOSSES
from forecast.models.base import ACTIVATIONS, ForecastModule, make_activation
from forecast.models.cnn import CNN
from forecast.training import INITS

MODELS = find("forecast.models", ForecastModule)
HEADS = [{"head": "point", "loss": loss} for loss in LOSSES] + [{"levels": []}, {"levels": [0.1, 0.25, 0.9]}]
SIZES = [
    Dims(8, 1),
    Dims(8, 5),
    Dims(9, 3, target=2),
    Dims(8, 3, past=2, known=2, static=2),
    Dims(7, 9, target=2, past=1, known=1, static=1),
    Dims(8, 3, past=2, known=2, static=2, lagged=1, embedded=(("past", 0, 4), ("known", 1, 5), ("static", 0, 3))),
    Dims(4, 11, past=1, known=1, static=1, embedded=(("past", 0, 2), ("known", 0, 3), ("static", 0, 20))),
]
EMBEDDED = [dims for dims in SIZES if dims.embedded]


@pytest.fixture(params=sorted(MODELS))
def model(request):
    """Makes a small network of each class: ``model(dims, seed=..., **options)``."""
    cls = MODELS[request.param]
    small = {"hidden_size": 6} if "hidden_size" in inspect.signature(cls).parameters else {}

    def make(dims: Dims, *, seed: int = 0, **options: Any) -> ForecastModule:
        torch.manual_seed(seed)
        return cls(dims, **{**small, **options})

    make.cls = cls
    return make


def options_of(cls: type) -> set[str]:
    return set(inspect.signature(cls).parameters)


def window_of(dims: Dims, batch: int = 4, seed: int = 0) -> Window:
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    observed = (random(batch, dims.context_length, dims.target) < 1).float()
    observed[:, 0] = 1
    context = Context(
        target=10 + 3 * random(batch, dims.context_length, dims.target),
        observed=observed,
        past=random(batch, dims.context_length, dims.past),
        known=random(batch, dims.context_length + dims.horizon, dims.known),
        static=random(batch, dims.static),
        units=Affine(torch.zeros(batch, 1, dims.target), torch.ones(batch, 1, dims.target)),
    )
    for role, column, codes in dims.embedded:
        values = getattr(context, role)[..., column]
        values.copy_(torch.randint(codes, values.shape, generator=generator))
    target = 10 + 3 * random(batch, dims.horizon, dims.target)
    return Window(context, target, torch.ones_like(target), torch.zeros(batch).long(), torch.arange(batch))


def changed(context: Context, dims: Dims, row: int) -> Context:
    """The context with everything in one row of the batch replaced."""

    def other(values: torch.Tensor) -> torch.Tensor:
        values = values.clone()
        values[row] = values[row] * -2 + 1
        return values

    new = context._replace(**{name: other(getattr(context, name)) for name in ("target", "past", "known", "static")})
    for role, column, codes in dims.embedded:
        getattr(new, role)[row, ..., column] = (getattr(context, role)[row, ..., column] + 1) % codes
    return new


def with_categories(panel: Panel) -> Panel:
    """The panel with its first past, known and static column made categories of three names."""
    names = ("past0", "known0", "static0")
    blocks = {role: np.array(getattr(panel, role)) for role in ("past", "known", "static")}
    for values in blocks.values():
        values[:, 0] = np.arange(len(values)) % 3
    return replace(panel, **blocks, categories=dict.fromkeys(names, ("fog", "rain", "sun")))


@pytest.mark.parametrize("head", HEADS, ids=str)
@pytest.mark.parametrize("dims", SIZES, ids=str)
def test_answers_are_ascending_quantiles_of_every_step_and_target(model, head, dims):
    module = model(dims, **head)
    answer = module(window_of(dims).context)
    assert answer.shape == (4, dims.horizon, dims.target, max(len(module.head.levels), 1))
    assert torch.isfinite(answer).all()
    assert (answer.diff(dim=-1) >= 0).all()


@pytest.mark.parametrize("head", HEADS, ids=str)
@pytest.mark.parametrize("dims", SIZES, ids=str)
def test_every_parameter_gets_a_gradient(model, head, dims):
    module = model(dims, **head)
    loss = module.loss(window_of(dims, batch=15))
    assert loss.shape == ()
    loss.backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("dims", SIZES, ids=str)
def test_rows_of_a_batch_are_independent(model, scaling, dims):
    module = model(dims, scaling=scaling).eval()
    context = window_of(dims).context
    before, after = module(context), module(changed(context, dims, 1))
    assert not torch.equal(before[1], after[1])
    for row in (0, 2, 3):
        assert torch.equal(before[row], after[row])


@pytest.mark.parametrize("kind", ["past", "known", "static"])
def test_every_covariate_reaches_the_answer(model, kind):
    dims = Dims(8, 3, past=2, known=2, static=2)
    module = model(dims).eval()
    context = window_of(dims).context
    values = getattr(context, kind).requires_grad_()
    module(context).square().sum().backward()
    assert (values.grad.abs() > 0).all()


@pytest.mark.parametrize(("length", "horizon"), [(8, 6), (8, 8), (8, 9), (5, 17), (1, 4)])
def test_known_values_of_every_future_step_reach_the_answer(model, length, horizon):
    dims = Dims(length, horizon, known=1)
    module = model(dims).eval()
    context = window_of(dims).context
    for step in range(horizon):
        known = context.known.clone()
        known[:, length + step] += 1
        assert not torch.equal(module(context._replace(known=known)), module(context)), step


@pytest.mark.parametrize("dims", EMBEDDED, ids=str)
def test_every_category_of_every_row_reaches_the_answer(model, dims):
    module = model(dims).eval()
    context = window_of(dims).context
    before = module(context)
    for role, column, codes in dims.embedded:
        for step in range(getattr(context, role).shape[1] if role != "static" else 1):
            values = getattr(context, role).clone()
            place = (slice(None), column) if role == "static" else (slice(None), step, column)
            values[place] = (values[place] + 1) % codes
            assert (module(context._replace(**{role: values})) != before).flatten(1).any(1).all(), (role, step)


@pytest.mark.parametrize("init", ["default", "orthogonal"])
def test_an_unseen_category_says_nothing_before_training(model, init):
    dims = EMBEDDED[0]
    for table in model(dims, init=init).embeddings.tables.values():
        assert not table[0].any()
        assert (table[1:] != 0).all()


def test_what_is_not_observed_is_not_learnt_from(model):
    dims = Dims(8, 3)
    module = model(dims)
    window = window_of(dims)
    observed = window.observed.clone()
    observed[:, 1] = 0
    garbage = window.target.clone()
    garbage[:, 1] = 1e6
    expected = module.loss(window._replace(observed=observed))
    assert torch.equal(module.loss(window._replace(observed=observed, target=garbage)), expected)
    assert float(module.loss(window._replace(observed=torch.zeros_like(observed))).detach()) == 0


def test_stored_units_lead_back_to_original_ones(model):
    dims = Dims(8, 3, target=2)
    module = model(dims).eval()
    context = window_of(dims).context
    units = Affine(torch.full((4, 1, 2), 5.0), torch.full((4, 1, 2), 2.0))
    stored = context._replace(target=units.apply(context.target), units=units)
    torch.testing.assert_close(module(stored), module(context), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("head", [HEADS[0], HEADS[-1]], ids=str)
@pytest.mark.parametrize("encode", ["", "embedding"])
def test_loss_falls_on_a_sine(model, head, make_panel, make_trainer, encode):
    panel = with_categories(make_panel([120], past=1, known=2, static=2)) if encode else make_panel([120])
    prepare = Preparation(encode=encode or "onehot")
    sizes = {"context_length": 24, "horizon": 3, "batch_size": 16}
    data = PanelData(panel, **sizes, borders=Borders("steps", 20, 0), prepare=prepare)
    module = model(data.dims, lr=0.01, patience=0, **head)
    trainer = make_trainer(max_steps=60, max_epochs=-1, num_sanity_val_steps=0)
    before = trainer.validate(module, datamodule=data, verbose=False)[0]["val_loss"]
    trainer.fit(module, datamodule=data)
    assert float(trainer.callback_metrics["val_loss"]) < 0.6 * before


@pytest.mark.parametrize("encode", ["onehot", "embedding"])
def test_checkpoint_goes_round_with_weights_only(model, make_panel, make_trainer, tmp_path, encode):
    panel = with_categories(make_panel([60], past=2, known=2, static=2))
    data = PanelData(panel, context_length=8, horizon=2, prepare=Preparation(encode=encode))
    assert len(data.dims.embedded) == 3 * (encode == "embedding")
    module = model(data.dims, levels=[0.2, 0.8], penalty="l2")
    trainer = make_trainer()
    trainer.fit(module, datamodule=data)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert stored["hyper_parameters"]["dims"] == data.dims.plain()
    assert Inputs.of(stored["forecast"]["data"]["inputs"]).plain() == module.inputs.plain()
    again = model.cls.load_from_checkpoint(tmp_path / "last.ckpt", weights_only=True).eval()
    context = next(iter(data.test_dataloader())).context
    with torch.no_grad():
        assert torch.equal(again(context), module.eval()(context))
    assert again.options == module.options
    assert again.hparams == module.hparams


@pytest.mark.filterwarnings("ignore:The tensor attributes self.cells._flat_weights")  # torch, of any nn.RNNBase
@pytest.mark.parametrize(
    "scaling", [SCALINGS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in SCALINGS[1:])]
)
@pytest.mark.parametrize("dims", [SIZES[4], EMBEDDED[0]], ids=str)
def test_exported_program_equals_eager_for_any_batch_size(model, scaling, dims):
    module = model(dims, scaling=scaling).eval()
    batch = torch.export.Dim("batch", min=2)
    dynamic = torch.utils._pytree.tree_map(lambda _: {0: batch}, window_of(dims).context)
    program = torch.export.export(module, (window_of(dims).context,), dynamic_shapes=(dynamic,)).module()
    for size in (4, 7):
        context = window_of(dims, batch=size, seed=size).context
        torch.testing.assert_close(program(context), module(context))


def test_same_seed_gives_the_same_weights_and_another_seed_others(model):
    first, again, other = (model(SIZES[1], seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_changes_the_answer(model, activation):
    if "activation" not in options_of(model.cls):
        with pytest.raises(InputError, match="'activation' is not known"):
            model(SIZES[1], activation=activation)
        return
    context = window_of(SIZES[1]).context
    answers = [model(SIZES[1], activation=name).eval()(context) for name in ("identity", activation)]
    assert torch.isfinite(answers[1]).all()
    small = torch.linspace(-1, 1, 9)  # all that leaves a recurrent cell
    assert not torch.equal(*answers) or torch.equal(make_activation(activation)(small), small)
    assert torch.equal(*answers) or activation != "identity"


def test_slopes_of_prelu_are_learnt_and_no_bias(model):
    if "activation" not in options_of(model.cls):
        refuses(model, {"activation": "prelu"})
        return
    module = model(SIZES[1], activation="prelu", init="orthogonal")
    slopes = [layer.weight for layer in module.modules() if isinstance(layer, torch.nn.PReLU)]
    assert slopes
    module.loss(window_of(SIZES[1], batch=15)).backward()
    assert all(float(slope.detach()) == 0.25 and float(slope.grad.abs()) > 0 for slope in slopes)


@pytest.mark.parametrize("init", INITS[1:])
def test_every_init_reaches_all_layers(model, init):
    plain, drawn = model(SIZES[1]), model(SIZES[1], init=init)
    for (name, before), after in zip(plain.named_parameters(), drawn.parameters(), strict=True):
        assert not torch.equal(before, after), name
        assert after.dim() > 1 or (after == 0).all(), name


def refuses(model, option):
    """A model without this option says so, by name."""
    with pytest.raises(InputError, match=f"'{next(iter(option))}' is not known"):
        model(SIZES[1], **option)


@pytest.mark.parametrize("option", [{"dropout": 0.5}, {"layers": 2}, {"skip": False}, {"patch": 1}, {"kernel_size": 2}])
def test_every_option_changes_the_answer(model, option):
    if not set(option) <= options_of(model.cls):
        refuses(model, option)
        return
    dims = Dims(40, 3)
    context = window_of(dims).context
    assert not torch.equal(model(dims).train()(context), model(dims, **option).train()(context))


def test_dropout_is_off_when_forecasting(model):
    if "dropout" not in options_of(model.cls):
        refuses(model, {"dropout": 0.5})
        return
    deeper = {"layers": 2} if "layers" in options_of(model.cls) else {}
    module = model(SIZES[1], dropout=0.5, **deeper).eval()
    context = window_of(SIZES[1]).context
    assert torch.equal(module(context), module(context))


@pytest.mark.parametrize(
    "option",
    [
        {"hidden_size": 0},
        {"layers": -1},
        {"kernel_size": 1},
        {"patch": 0},
        {"dropout": 1.5},
        {"dropout": -0.1},
        {"activation": "rely"},
        {"nonlinearity": "tan"},
        {"head": "quantiles"},
        {"lr": -1.0},
        {"learning_rate": 0.1},
    ],
    ids=str,
)
def test_impossible_options_are_refused_in_a_sentence(model, option):
    with pytest.raises(InputError, match=next(iter(option))):
        model(SIZES[1], **option)


@pytest.mark.parametrize("dims", [(0, 1), (8, 0), (8, 1, 0)])
def test_sizes_below_one_are_refused(model, dims):
    with pytest.raises(InputError, match="must be at least 1"):
        model(Dims(*dims))


# the convolutional network


def slow_cnn(module: CNN, stacked: torch.Tensor) -> torch.Tensor:
    """The last step of a causal network of dilated convolutions with the same weights: every step of every layer."""
    k = module.kernel_size
    hidden = stacked.transpose(1, 2)[..., -module.receptive_field :]
    hidden = functional.pad(hidden, (module.receptive_field - hidden.shape[-1], 0))
    for index, layer in enumerate(module.convolutions):
        padded = functional.pad(hidden, ((k - 1) * k**index, 0))
        new = module.activation(functional.conv1d(padded, layer.weight, layer.bias, dilation=k**index))
        hidden = new + hidden if index else new
    return hidden[..., -1]


@pytest.mark.parametrize("kernel_size", [2, 3, 4])
@pytest.mark.parametrize("layers", [0, 1, 2])
@pytest.mark.parametrize("length", [5, 8, 9, 27, 30])
def test_cnn_is_the_dilated_causal_network(kernel_size, layers, length):
    dims = Dims(length, 2, target=2, past=1)
    torch.manual_seed(0)
    module = CNN(dims, hidden_size=5, kernel_size=kernel_size, layers=layers, activation="tanh", skip=False)
    context = window_of(dims).context
    stacked = module.stack(context)
    torch.testing.assert_close(module.encode(context), slow_cnn(module, stacked))
    if layers == 0:
        assert module.receptive_field >= length
        assert module.receptive_field < length * kernel_size


def test_more_layers_than_the_context_can_use_are_refused():
    CNN(Dims(27, 1), hidden_size=2, kernel_size=3, layers=3)
    with pytest.raises(InputError, match="layers is 4; 3 with kernel_size 3 already see the whole context of 27"):
        CNN(Dims(27, 1), hidden_size=2, kernel_size=3, layers=4)


def test_cnn_sees_exactly_its_receptive_field():
    dims = Dims(12, 1)
    module = CNN(dims, hidden_size=4, kernel_size=2, layers=3, activation="tanh", skip=False)
    context = window_of(dims).context
    stacked = context.target.requires_grad_()
    module.encode(context).sum().backward()
    assert (stacked.grad[:, :4] == 0).all()
    assert (stacked.grad[:, 4:] != 0).all()


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("patch", [1, 2, 100])
def test_recurrent_cells_read_every_step_in_order(name, patch):
    dims = Dims(9, 1, past=1)
    torch.manual_seed(0)
    module = MODELS[name](dims, hidden_size=4, patch=patch, skip=False, activation="identity")
    context = window_of(dims).context
    patched = min(patch, 2)  # at most a quarter of the context
    padded = np.concatenate([np.zeros((4, -9 % patched, 2), np.float32), module.stack(context).numpy()], 1)
    steps = torch.from_numpy(padded.reshape(4, -1, patched * 2))
    torch.testing.assert_close(module.encode(context), module.cells(steps)[0][:, -1])
